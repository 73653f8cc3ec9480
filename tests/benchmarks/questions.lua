-- Sends the lines of a file in turn, and prints what wrk measured as one line of JSON.
-- Arguments: method, path, file, number of lines to skip. A line is a body (POST) or, for GET,
-- what comes behind the path. One thread only: each thread would begin at the same line.

local lines, method, path, at = {}, nil, nil, 0

function init(args)
  method, path, at = args[1], args[2], tonumber(args[4])
  for line in io.lines(args[3]) do lines[#lines + 1] = line end
  wrk.headers["Content-Type"] = "application/json"
end

function request()
  at = at + 1
  local line = lines[(at - 1) % #lines + 1]
  if method == "GET" then return wrk.format("GET", path .. line) end
  return wrk.format(method, path, nil, line)
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '{"requests": %d, "microseconds": %d, "bytes": %d, "refused": %d, "broken": %d, "late": %d, ' ..
    '"p50": %d, "p90": %d, "p95": %d, "p99": %d, "max": %d, "mean": %.1f}\n',
    summary.requests, summary.duration, summary.bytes, e.status,
    e.connect + e.read + e.write, e.timeout, latency:percentile(50), latency:percentile(90),
    latency:percentile(95), latency:percentile(99), latency.max, latency.mean))
end
