"""What measures: wrk's figures, stages, recall, memory's bound, and the file of results."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from embeddings.snapshot import Hits
from qa import answers, ranking
from qa.opening import opened
from qa.settings import Settings
from tests.benchmarks import limits, load, machine, recall, results, stages
from tests.prepared import document

WRK = """Running 5s test @ http://127.0.0.1:8790
  1 threads and 8 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   160.83ms   20.00ms 361.11ms   70.00%
  Latency Distribution
     50%  160.83ms
  250 requests in 5.00s, 2.43MB read
  Non-2xx or 3xx responses: 3
{"requests": 250, "microseconds": 5000000, "bytes": 2500000, "refused": 3, "broken": 1, "late": 2, \
"p50": 160830, "p90": 250529, "p95": 275788, "p99": 309051, "max": 361109, "mean": 160000.1}
"""


def test_figures_of_wrk_are_milliseconds_and_requests_a_second() -> None:
    assert load.parse(WRK) == {
        "requests": 250,
        "per_second": 50.0,
        "p50": 160.83,
        "p90": 250.529,
        "p95": 275.788,
        "p99": 309.051,
        "max": 361.109,
        "not_ok": 3,
        "broken": 3,
        "bytes_each": 10000,
    }


@pytest.mark.parametrize(
    "output", ["unable to connect", WRK.replace('"requests": 250', '"requests": 0')]
)
def test_output_without_figures_is_no_measurement(output: str) -> None:
    with pytest.raises(load.LoadError):
        load.parse(output)


def test_without_wrk_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(load.LoadError, match="install wrk"):
        load.wrk()


def test_a_question_is_asked_on_one_line_whatever_it_holds() -> None:
    line = load.fundstelle("http://localhost").line('Wer?\n"Er" – 谁')
    assert "\n" not in line
    assert json.loads(line) == {"question": 'Wer?\n"Er" – 谁', "top_k": 5}


def test_results_are_merged_by_size_and_part() -> None:
    before = {"sizes": {"100000": {"load": 1, "disk": 2}}, "peers": {"x": {}}, "machine": "m"}
    after = results.merged(before, "sizes", "100000", {"load": 3})
    after = results.merged(after, "sizes", "10000", {"load": 4})
    assert after == {
        "sizes": {"10000": {"load": 4}, "100000": {"load": 3, "disk": 2}},
        "peers": {"x": {}},
        "machine": "m",
    }
    assert list(after["sizes"]) == ["10000", "100000"]
    assert before["sizes"] == {"100000": {"load": 1, "disk": 2}}


def test_results_are_saved_and_loaded(tmp_path: Path) -> None:
    path = tmp_path / "new" / "results.json"
    assert results.load_results(path) == {"sizes": {}, "peers": {}}
    results.add_result(path, "peers", "größer", {"p50": 1.5})
    results.add_result(path, "peers", "größer", {"p99": 2.5})
    assert results.load_results(path)["peers"] == {"größer": {"p50": 1.5, "p99": 2.5}}
    assert [file.name for file in path.parent.iterdir()] == ["results.json"]


def test_an_exhaustive_search_in_blocks_finds_what_a_plain_one_finds() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((50, 8)).astype(np.float32)
    queries = rng.standard_normal((3, 8)).astype(np.float32)
    ids = np.arange(100, 150)
    blocks = [(ids[a:b], vectors[a:b]) for a, b in ((0, 20), (20, 23), (23, 50))]
    for query, found in zip(queries, recall.exact_hits(blocks, queries, 7), strict=True):
        best = np.argsort(-(vectors @ query))[:7]
        assert found.ids.tolist() == (best + 100).tolist()
        np.testing.assert_allclose(found.scores, (vectors @ query)[best], rtol=1e-5)


def test_recall_counts_what_scores_as_well_as_the_last() -> None:
    exact = Hits(np.array([1, 2, 3, 4]), np.array([0.9, 0.8, 0.7, 0.7], np.float32))
    found = Hits(np.array([1, 4, 9]), np.array([0.9, 0.7, 0.6], np.float32))
    assert recall.share_found(found, exact, 3) == pytest.approx(2 / 3)
    assert recall.share_found(found, exact, 1) == 1.0
    assert recall.share_found(Hits(found.ids[:0], found.scores[:0]), exact, 2) == 0.0


class Worker:
    def outer(self) -> int:
        time.sleep(0.02)
        return self.inner() + 1

    def inner(self) -> int:
        time.sleep(0.05)
        return 1


TABLE = (
    ("first", __name__, "Worker.outer"),
    ("second", __name__, "Worker.inner"),
    ("second", __name__, "Worker.gone"),
    ("third", "no.such.module", "anything"),
)


def test_stages_are_charged_for_their_own_time_and_missing_ones_are_named() -> None:
    outer = Worker.outer
    found = stages.stage_times(lambda _: Worker().outer(), ["a", "b", "c", "d"], TABLE)
    assert found["gone"] == [f"{__name__}.Worker.gone", "no.such.module.anything"]
    assert found["median_ms"]["first"] > 18
    assert found["median_ms"]["second"] > 48
    assert found["median_ms"]["third"] == 0.0
    assert sum(found["cpu_ms"].values()) < 10
    total = sum(found["mean_ms"].values())
    assert total == pytest.approx(found["whole_ms"]["mean"], rel=0.01)
    assert Worker.outer is outer


def test_a_function_that_modules_imported_by_name_is_timed_there_too() -> None:
    def both() -> tuple[object, object]:
        return vars(answers)["rank"], vars(ranking)["rank"]

    original = ranking.rank
    with stages.traced(stages.Tracer(), (("re-rank", "qa.ranking", "rank"),)) as gone:
        there, here = both()
        assert there is here is not original
    assert not gone
    assert both() == (original, original)


def test_percentiles_are_milliseconds() -> None:
    found = stages.percentiles([n / 1000 for n in range(1, 102)])
    assert found == {"p50": 51.0, "p95": 96.0, "p99": 100.0}


def test_the_bound_is_bytes_over_bandwidth() -> None:
    assert limits.bounds_ms({"vectors": 768_000_000}, 30.0) == {"vectors": 25.6}


def test_postings_of_rarer_terms_are_fewer_but_longer() -> None:
    assert limits.posting_bytes(0, 1000) == 0.0
    assert limits.posting_bytes(1000, 1000) == pytest.approx(1000 * (3 / 8 + 1))
    assert limits.posting_bytes(10, 10_240) == pytest.approx(10 * (12 / 8 + 1))


def test_memory_of_this_process_is_told_in_megabytes() -> None:
    found = machine.memory(os.getpid())
    assert found["processes"] >= 1
    assert found["peak"] >= found["rss"] * 0.9
    assert found["rss"] == pytest.approx(found["anonymous"] + found["file"], abs=1)


def test_processor_time_of_this_process_is_what_it_says_itself() -> None:
    assert machine.cpu_seconds(os.getpid()) >= time.process_time() - 0.1


def test_processor_time_counts_children_that_have_ended() -> None:
    before = machine.cpu_seconds(os.getpid())
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    subprocess.run([sys.executable, "-c", burn], check=True)
    assert machine.cpu_seconds(os.getpid()) - before >= 0.25


def test_disk_is_counted_by_what_lies_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "lexical").mkdir()
    (tmp_path / "lexical" / "one").write_bytes(b"x" * 10_000)
    (tmp_path / "store").write_bytes(b"x" * 5_000)
    found = machine.disk(tmp_path)
    assert list(found) == ["lexical", "store"]
    assert found["lexical"] >= 10_000


def test_all_that_benchmarks_name_of_the_program_is_there(tmp_path: Path) -> None:
    with opened(Settings(data_dir=tmp_path)) as collection:
        collection.put([document("a", "Soldaten an der Grenze. Und Panzer.")])
    question = "Wo sind die Soldaten?"
    with opened(Settings(data_dir=tmp_path)) as collection:
        read = limits.touched(collection, tmp_path, [question])
        timed = stages.stage_times(collection.ask, [question, question])
        assert len(collection.ask(question).results) == 1
    assert (read["gone"], timed["gone"]) == ([], [])
    assert min(read["bytes"].values()) > 0
