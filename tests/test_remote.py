"""Encoding elsewhere: the same vectors as here, through a server that is not always well."""

from __future__ import annotations

import logging
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embeddings import patient_http, remote
from embeddings.bundled import load_encoder
from embeddings.encoder import Vectors
from embeddings.errors import ModelError, ModelUnavailable
from embeddings.remote import PROBE, RemoteEncoder
from embeddings.static import StaticEncoder
from tests.model_server import KEY, Fault, ModelServer, listening, model_server
from tests.tiny_model import DIMENSION, SENTENCES

PROTOCOLS = ("openai", "tei")
both = pytest.mark.parametrize("protocol", PROTOCOLS)


@pytest.fixture(scope="module")
def local(tiny_model_dir: Path) -> StaticEncoder:
    return StaticEncoder(tiny_model_dir, "tiny")


@pytest.fixture
def server(local: StaticEncoder) -> Iterator[ModelServer]:
    with model_server(local.encode_passages) as running:
        yield running


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient_http, "FIRST_WAIT", 0.01)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def opened(server: ModelServer, protocol: str, **parameters: object) -> RemoteEncoder:
    encoder = RemoteEncoder(server.address(protocol, **parameters))
    server.requests.clear()
    return encoder


@both
def test_the_vectors_are_those_of_the_model(
    server: ModelServer, local: StaticEncoder, protocol: str
) -> None:
    encoder = opened(server, protocol, batch=3)
    assert encoder.dimension == DIMENSION
    for encode in (encoder.encode_queries, encoder.encode_passages):
        found = encode(SENTENCES)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, local.encode_passages(SENTENCES), atol=1e-6)


@both
def test_whatever_length_a_vector_has_it_comes_as_a_unit_row(
    server: ModelServer, protocol: str
) -> None:
    encoder = opened(server, protocol)
    server.faults.append(Fault(change=lambda rows: [[1e200 * x for x in row] for row in rows]))
    (row,) = encoder.encode_queries([SENTENCES[0]])
    assert np.linalg.norm(row) == pytest.approx(1, abs=1e-6)


@both
def test_blank_texts_and_zero_vectors_are_zero_rows(server: ModelServer, protocol: str) -> None:
    encoder = opened(server, protocol)
    assert encoder.encode_passages([]).shape == (0, DIMENSION)
    assert not encoder.encode_passages(["", " \n"]).any()
    assert server.requests == []
    server.faults.append(Fault(change=lambda rows: [[0.0] * DIMENSION, *rows[1:]]))
    found = encoder.encode_passages(["", SENTENCES[0], SENTENCES[1]])
    assert [bool(row.any()) for row in found] == [False, False, True]


def test_the_order_is_that_of_the_index(server: ModelServer, local: StaticEncoder) -> None:
    encoder = opened(server, "openai")
    server.shuffled = True
    np.testing.assert_allclose(
        encoder.encode_passages(SENTENCES), local.encode_passages(SENTENCES), atol=1e-6
    )


def test_lone_surrogates_do_not_break_the_request(server: ModelServer) -> None:
    assert opened(server, "tei").encode_queries(["Belarus \ud800"]).any()


def test_requests_are_what_the_protocols_say(server: ModelServer) -> None:
    opened(server, "tei", dimensions=DIMENSION).encode_queries(["Wird"])
    opened(server, "openai", dimensions=DIMENSION)
    encoder = RemoteEncoder(server.openai())
    encoder.encode_passages(["Belarus"])
    assert server.requests[-2:] == [
        {"model": "alias", "input": [PROBE], "encoding_format": "float"},
        {"model": "alias", "input": ["Belarus"], "encoding_format": "float"},
    ]


def test_a_request_to_tei_cuts_long_texts(server: ModelServer) -> None:
    opened(server, "tei", dimensions=DIMENSION).encode_queries(["Wird"])
    assert server.requests == [
        {"inputs": ["Wird"], "normalize": True, "truncate": True, "dimensions": DIMENSION}
    ]


@both
def test_prompts_go_before_the_texts(server: ModelServer, protocol: str) -> None:
    encoder = opened(server, protocol, query_prompt="ask:%20", passage_prompt="")
    encoder.encode_queries(["Belarus"])
    encoder.encode_passages(["Belarus"])
    assert server.texts == [["ask: Belarus"], ["Belarus"]]


def test_models_known_for_prompts_get_them(server: ModelServer) -> None:
    server.model = "intfloat/multilingual-e5-small"
    encoder = opened(server, "tei")
    assert (encoder.query_prompt, encoder.passage_prompt) == ("query: ", "passage: ")
    without = opened(server, "tei", query_prompt="")
    assert (without.query_prompt, without.passage_prompt) == ("", "")
    assert encoder.fingerprint != without.fingerprint


@both
def test_batches_have_few_texts_and_few_characters(server: ModelServer, protocol: str) -> None:
    encoder = opened(server, protocol, batch=4, characters=100, concurrency=1)
    encoder.encode_passages(["x" * 10] * 9 + ["y" * 60, "z" * 60, "w" * 300])
    assert [len(texts) for texts in server.texts] == [4, 4, 2, 1, 1]


def test_tei_says_how_many_texts_it_takes(server: ModelServer) -> None:
    server.most_texts = 2
    encoder = opened(server, "tei")
    encoder.encode_passages(SENTENCES[:5])
    assert sorted(len(texts) for texts in server.texts) == [1, 2, 2]


@both
def test_a_batch_that_is_too_large_is_halved(
    server: ModelServer, local: StaticEncoder, protocol: str
) -> None:
    encoder = opened(server, protocol)
    server.most_texts, server.most_characters = 4, 150
    np.testing.assert_allclose(
        encoder.encode_passages(SENTENCES), local.encode_passages(SENTENCES), atol=1e-6
    )


def test_a_text_that_is_too_long_loses_its_end(server: ModelServer, local: StaticEncoder) -> None:
    encoder = opened(server, "openai")
    server.text_limit = 150
    text = "Belarus Soldaten Ukraine " * 20
    found = encoder.encode_passages([SENTENCES[0], text, SENTENCES[1]])
    expected = local.encode_passages([SENTENCES[0], text[:125], SENTENCES[1]])
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_text_that_is_refused_however_short_is_an_error(server: ModelServer) -> None:
    encoder = opened(server, "openai")
    server.text_limit = 10
    with pytest.raises(ModelError, match="maximum context length is 10"):
        encoder.encode_passages(["Belarus " * 100])


@both
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(
    server: ModelServer, local: StaticEncoder, protocol: str, status: int
) -> None:
    encoder = opened(server, protocol)
    server.faults.extend([Fault(status, "Model is overloaded"), Fault(status)])
    np.testing.assert_allclose(
        encoder.encode_queries(SENTENCES[:1]), local.encode_passages(SENTENCES[:1]), atol=1e-6
    )
    assert len(server.requests) == 3


@both
def test_an_answer_that_breaks_off_is_asked_for_again(server: ModelServer, protocol: str) -> None:
    encoder = opened(server, protocol)
    server.faults.append(Fault(drop=True))
    assert encoder.encode_queries(["Belarus"]).any()
    assert len(server.requests) == 2


@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_is_waited_for(server: ModelServer, as_date: bool) -> None:
    encoder = opened(server, "openai")
    # A date has whole seconds: between 1 and 2 of them from now.
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    server.faults.append(Fault(429, headers={"Retry-After": date if as_date else "1"}))
    started = time.monotonic()
    assert encoder.encode_queries(["Belarus"]).any()
    assert 0.7 < time.monotonic() - started < 4


def test_a_server_that_wants_to_be_left_alone_is(server: ModelServer) -> None:
    encoder = opened(server, "openai")
    server.faults.append(Fault(503, "being updated", headers={"Retry-After": "120"}))
    started = time.monotonic()
    with pytest.raises(ModelUnavailable, match=r"503 being updated \(1 try\)") as raised:
        encoder.encode_queries(["Belarus"])
    assert raised.value.retry_after == 120
    assert time.monotonic() - started < 2
    assert len(server.requests) == 1


def test_waits_grow_and_differ(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = opened(server, "openai", query_timeout=60)
    waits: list[float] = []
    monkeypatch.setattr(patient_http.Deadline, "wait", lambda _, wait: waits.append(wait))
    monkeypatch.setattr(patient_http, "FIRST_WAIT", 0.1)
    server.faults.extend([Fault(429)] * 9)
    encoder.encode_queries(["Belarus"])
    assert len(waits) == 9
    for number, wait in enumerate(waits):
        longest = min(0.1 * 2**number, patient_http.LONGEST_WAIT)
        assert longest / 2 <= wait <= longest
    assert waits[7] != waits[8]


@both
def test_a_server_that_hangs_is_given_up_in_time(server: ModelServer, protocol: str) -> None:
    encoder = opened(server, protocol, query_timeout=0.3, timeout=0.5)
    server.down = Fault(hang=5)
    for encode in (encoder.encode_queries, encoder.encode_passages):
        server.requests.clear()
        started = time.monotonic()
        with pytest.raises(ModelUnavailable, match="timed out"):
            encode(["Belarus"])
        assert time.monotonic() - started < 3


@both
def test_a_server_that_is_away_and_comes_back(local: StaticEncoder, protocol: str) -> None:
    with model_server(local.encode_passages) as server:
        encoder = opened(server, protocol, query_timeout=2)  # long enough on a busy machine
    with pytest.raises(ModelUnavailable, match="refused") as raised:
        encoder.encode_queries(["Belarus"])
    assert str(server.port) in str(raised.value)
    with listening(server):
        assert encoder.encode_queries(["Belarus"]).any()


@both
def test_when_one_batch_fails_the_rest_is_given_up(server: ModelServer, protocol: str) -> None:
    encoder = opened(server, protocol, batch=1, concurrency=2, timeout=30)
    server.faults.append(Fault(200, change=lambda rows: [[float("nan")] for _ in rows]))
    server.slowly = 0.02
    with pytest.raises(ModelError, match="NaN"):
        encoder.encode_passages(["Belarus"] * 50)
    assert len(server.requests) < 25


@both
def test_no_more_requests_than_allowed_are_under_way(server: ModelServer, protocol: str) -> None:
    encoder = opened(server, protocol, batch=1, concurrency=3)
    server.slowly, server.most_at_once = 0.5, 0
    with ThreadPoolExecutor(12) as threads:
        passages = [threads.submit(encoder.encode_passages, SENTENCES) for _ in range(4)]
        questions = [threads.submit(encoder.encode_queries, SENTENCES[:1]) for _ in range(8)]
        deadline = time.monotonic() + 10  # for a busy machine to have all three under way
        while server.most_at_once < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        server.slowly = 0.02
        for future in (*passages, *questions):
            assert future.result().any()
    assert server.most_at_once == 3
    assert len(server.requests) == 4 * len(SENTENCES) + 8


def test_a_question_does_not_queue_behind_passages(server: ModelServer) -> None:
    encoder = opened(server, "tei", batch=1, concurrency=2)
    server.slowly = 0.05
    with ThreadPoolExecutor(2) as threads:
        adding = [threads.submit(encoder.encode_passages, SENTENCES) for _ in range(2)]
        while len(server.requests) < 3:
            time.sleep(0.005)
        encoder.encode_queries(["Belarus"])
        assert not any(future.done() for future in adding)
        for future in adding:
            future.result()


def test_a_question_that_finds_no_place_says_so(server: ModelServer) -> None:
    encoder = opened(server, "tei", concurrency=1, query_timeout=0.2)
    server.down = Fault(hang=1)
    busy = threading.Thread(target=lambda: encoder.encode_passages(["Belarus"]))
    busy.start()
    while not server.requests:
        time.sleep(0.005)
    with pytest.raises(ModelUnavailable, match="busy with 1 other"):
        encoder.encode_queries(["Belarus"])
    server.down = None
    busy.join()


WRONG: dict[str, tuple[str, Callable[[Any], Any], str]] = {
    "too few": ("both", lambda rows: rows[:-1], "2 vectors for 2 texts, found 1"),
    "too many": ("both", lambda rows: [*rows, rows[0]], "2 vectors for 2 texts, found 3|each"),
    "an object": ("both", lambda rows: {"rows": rows}, "vectors|index"),
    "NaN": ("both", lambda rows: [[float("nan"), *rows[0][1:]], rows[1]], "NaN or infinity"),
    "infinity": ("both", lambda rows: [[float("inf"), *rows[0][1:]], rows[1]], "NaN or inf"),
    "null": ("both", lambda rows: [[None, *rows[0][1:]], rows[1]], "numbers|NaN"),
    "words": ("both", lambda rows: [["one"] * DIMENSION, rows[1]], "of numbers"),
    "ragged": ("both", lambda rows: [rows[0][:-1], rows[1]], "all of one length"),
    "flat": ("both", lambda rows: [row[0] for row in rows], "a vector for each text"),
    "another dimension": ("both", lambda rows: [row[:40] for row in rows], "found .* with 40"),
}


@both
@pytest.mark.parametrize("wrong", sorted(WRONG))
def test_wrong_vectors_are_never_taken(server: ModelServer, protocol: str, wrong: str) -> None:
    encoder = opened(server, protocol)
    _, change, message = WRONG[wrong]
    if protocol == "openai" and wrong in ("too few", "too many"):
        message = "2 vectors|each `index`"
    if protocol == "openai" and wrong == "an object":
        server.faults.append(Fault(reorder=lambda data: {"rows": data}))
        message = "list `data`"
    else:
        server.faults.append(Fault(change=change))
    with pytest.raises(ModelError, match=message) as raised:
        encoder.encode_passages(SENTENCES[:2])
    assert not isinstance(raised.value, ModelUnavailable)
    assert encoder.encode_passages(SENTENCES[:2]).any()


@pytest.mark.parametrize(
    "reorder",
    [
        lambda data: [{**item, "index": 0} for item in data],
        lambda data: [{**item, "index": item["index"] + 1} for item in data],
        lambda data: [{**item, "index": bool(item["index"])} for item in data],
        lambda data: [{"embedding": item["embedding"]} for item in data],
        lambda data: [1, 2],
    ],
)
def test_a_wrong_index_is_never_guessed(
    server: ModelServer, reorder: Callable[[list[dict[str, Any]]], Any]
) -> None:
    encoder = opened(server, "openai")
    server.faults.append(Fault(reorder=reorder))
    with pytest.raises(ModelError, match="each `index` from 0 to 1 once"):
        encoder.encode_passages(SENTENCES[:2])


@both
def test_what_is_no_json_is_an_error(server: ModelServer, protocol: str) -> None:
    encoder = opened(server, protocol)
    server.faults.append(Fault(body=b"<html>Sign in</html>"))
    with pytest.raises(ModelError, match="not JSON"):
        encoder.encode_queries(["Belarus"])


@both
@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault(404, "no such model"), "404: no such model; check the path and the model's name"),
        (Fault(405), "the protocol before the +"),
        (Fault(424, "not an embedding model"), "not an embedding model"),
        (Fault(400, "bad"), "400: bad"),
        (Fault(307, headers={"Location": "http://127.0.0.1:9/"}), "points elsewhere"),
        (Fault(403, "not yours"), "403: not yours; expected a valid key"),
    ],
)
def test_a_refusal_is_not_repeated_and_names_the_mend(
    server: ModelServer, protocol: str, fault: Fault, message: str
) -> None:
    encoder = opened(server, protocol)
    server.faults.append(fault)
    with pytest.raises(ModelError) as raised:
        encoder.encode_passages(SENTENCES)
    assert message in str(raised.value)
    assert not isinstance(raised.value, ModelUnavailable)
    assert len(server.requests) == 1


def test_a_quota_that_is_used_up_is_not_waited_for(server: ModelServer) -> None:
    encoder = opened(server, "openai")
    server.faults.append(Fault(429, "You exceeded your quota", code="insufficient_quota"))
    with pytest.raises(ModelError, match="no quota left") as raised:
        encoder.encode_queries(["Belarus"])
    assert not isinstance(raised.value, ModelUnavailable)


@both
def test_the_key_is_sent_and_shown_nowhere(
    server: ModelServer, protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    server.key = KEY
    with caplog.at_level(logging.DEBUG):
        encoder = RemoteEncoder(server.address(protocol), KEY)
        server.faults.append(Fault(503, f"the key {KEY} is fine"))
        encoder.encode_queries(["Belarus"])
        assert set(server.keys) == {f"Bearer {KEY}"}
        server.key = "another"
        with pytest.raises(ModelError, match="expected a valid key in FUNDSTELLE_MODEL_KEY") as e:
            encoder.encode_queries(["Belarus"])
    assert KEY not in str(e.value)
    assert KEY not in caplog.text
    assert KEY not in encoder.name + encoder.fingerprint
    assert KEY not in repr(vars(encoder))


def test_without_a_key_none_is_sent(server: ModelServer) -> None:
    RemoteEncoder(server.tei())
    assert server.keys == [None]


def test_the_name_tells_the_model_and_not_the_place(server: ModelServer) -> None:
    assert RemoteEncoder(server.tei()).name == "tei:tests/real-model"
    assert RemoteEncoder(server.openai()).name == "openai:alias"


@both
def test_the_fingerprint_follows_the_model_and_not_the_place(
    server: ModelServer, local: StaticEncoder, protocol: str
) -> None:
    def fingerprint(server: ModelServer = server, **parameters: object) -> str:
        return RemoteEncoder(server.address(protocol, **parameters)).fingerprint

    first = fingerprint()
    with model_server(local.encode_passages) as elsewhere:
        assert fingerprint(elsewhere) == first
    assert fingerprint(batch=1, concurrency=1, timeout=5, query_timeout=5, characters=9) == first
    others = [
        fingerprint(revision=2),
        fingerprint(query_prompt="q"),
        fingerprint(passage_prompt="q"),
    ]
    server.model = "tests/other-model"
    others.append(fingerprint())
    server.encode = lambda texts: local.encode_passages(texts)[:, :40]
    others.append(fingerprint())
    assert len({first, *others}) == 6


def test_the_fingerprint_follows_what_tei_says_of_its_model(server: ModelServer) -> None:
    first = RemoteEncoder(server.tei()).fingerprint
    server.sha = "beef"
    assert RemoteEncoder(server.tei()).fingerprint != first


@both
def test_another_model_under_the_same_address_is_noticed(
    server: ModelServer, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = opened(server, protocol, query_timeout=5)
    server.model = "tests/other-model"
    another = pytest.raises(ModelError, match=r"now has another model.*start Fundstelle again")
    with another:
        encoder.encode_passages(["Belarus"])
    monkeypatch.setattr(remote, "CHECK_SECONDS", -1.0)
    for _ in range(2):
        with another:
            encoder.encode_queries(["Belarus"])
    server.model = "tests/real-model"
    assert encoder.encode_queries(["Belarus"]).any()


def test_a_server_that_was_away_is_asked_what_it_has_now(server: ModelServer) -> None:
    encoder = opened(server, "tei")
    server.model = "tests/other-model"
    encoder.encode_queries(["Belarus"])  # not yet time to look again
    server.faults.append(Fault(503, "being started"))
    with pytest.raises(ModelError, match="now has another model"):
        encoder.encode_queries(["Belarus"])


def test_a_server_that_cannot_shorten_its_vectors(server: ModelServer) -> None:
    with pytest.raises(ModelError, match="asked for 40 dimensions and answered 48"):
        RemoteEncoder(server.tei("dimensions=40"))


def test_a_server_of_another_kind(server: ModelServer) -> None:
    server.kind = "reranker"
    with pytest.raises(ModelError, match="of the kind reranker"):
        RemoteEncoder(server.tei())
    server.kind = "embedding"
    with pytest.raises(ModelError, match="has the model tests/real-model, not intfloat/e5"):
        RemoteEncoder(server.tei("model=intfloat/e5"))


def test_an_openai_server_called_tei_and_the_other_way(server: ModelServer) -> None:
    with pytest.raises(ModelError, match="404"):
        RemoteEncoder(f"tei+http://127.0.0.1:{server.port}/v1")
    with pytest.raises(ModelError, match="404"):
        RemoteEncoder(f"openai+http://127.0.0.1:{server.port}?model=alias")


def test_nobody_there_at_the_beginning(server: ModelServer) -> None:
    # 9 is the discard port: nothing listens there.
    with pytest.raises(ModelUnavailable, match=r"127\.0\.0\.1:9.*check that it runs"):
        load_encoder("tei+http://127.0.0.1:9?query_timeout=0.2")


@both
def test_while_a_server_hangs_only_one_question_waits_for_it(
    server: ModelServer, protocol: str
) -> None:
    encoder = opened(server, protocol, query_timeout=0.4)
    server.down = Fault(hang=1)
    with pytest.raises(ModelUnavailable):
        encoder.encode_queries(["Belarus"])

    together = threading.Barrier(8)

    def seconds() -> float:
        together.wait()
        started = time.monotonic()
        with pytest.raises(ModelUnavailable):
            encoder.encode_queries(["Belarus"])
        return time.monotonic() - started

    with ThreadPoolExecutor(8) as threads:
        waited = sorted(future.result() for future in [threads.submit(seconds) for _ in range(8)])
    assert waited[-1] >= 0.4
    assert waited[-2] < 0.4
    server.down = None
    for _ in range(2):
        assert encoder.encode_queries(["Belarus"]).any()


@both
def test_a_key_from_a_file_may_end_in_a_newline(server: ModelServer, protocol: str) -> None:
    server.key = KEY
    assert RemoteEncoder(server.address(protocol), f" {KEY}\n").dimension == DIMENSION


@pytest.mark.parametrize("key", ["sword\nfish", "sword\x00fish", "schwertfïsch"])
def test_what_cannot_be_a_key_is_refused_and_not_repeated(server: ModelServer, key: str) -> None:
    with pytest.raises(ModelError, match="FUNDSTELLE_MODEL_KEY has characters") as raised:
        RemoteEncoder(server.tei(), key)
    assert "fish" not in repr(raised.value)
    assert server.keys == []


def test_the_environments_proxy_is_used(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.port}")
    assert RemoteEncoder("tei+http://models.invalid").dimension == DIMENSION
    monkeypatch.setenv("no_proxy", "models.invalid")
    with pytest.raises(ModelUnavailable):
        RemoteEncoder("tei+http://models.invalid?query_timeout=0.1")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes the certificate")
def test_certificates_are_checked(
    local: StaticEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {name: str(tmp_path / name) for name in ("key", "certificate")}
    command = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1"
    subject = "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1".split()
    made = ["-keyout", files["key"], "-out", files["certificate"]]
    subprocess.run(["openssl", *command.split(), *subject, *made], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files["certificate"], files["key"])
    with model_server(local.encode_passages, tls=context) as server:
        address = server.tei().replace("http:", "https:")
        started = time.monotonic()
        with pytest.raises(ModelError, match=r"certificate.*SSL_CERT_FILE") as raised:
            RemoteEncoder(address)
        assert not isinstance(raised.value, ModelUnavailable)
        assert time.monotonic() - started < 5
        monkeypatch.setenv("SSL_CERT_FILE", files["certificate"])
        assert RemoteEncoder(address).dimension == DIMENSION


def test_load_encoder_opens_addresses(server: ModelServer) -> None:
    server.key = KEY
    encoder = load_encoder(server.openai(), KEY)
    assert isinstance(encoder, RemoteEncoder)
    vectors: Vectors = encoder.encode_queries(["Belarus"])
    assert vectors.shape == (1, DIMENSION)
