"""The HTTP contract: asking, documents, citations, over the real collection of the seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel

from api import examples, replies
from qa import seeds
from qa.settings import Settings
from tests.serving import serving

QUESTION = "Will Belarus send soldiers to Ukraine?"
SEEDS = {document.id: document.text for document in seeds.documents()}
GERMAN = "Der Hafen von Odessa ist seit Montag wieder geöffnet, sagte der Minister. 🚢"


@pytest.fixture(scope="module")
def reader(copy_of_seeded: Callable[[], Path]) -> Iterator[TestClient]:
    """A client of the seeds, for tests that only read."""
    with serving(Settings(data_dir=copy_of_seeded())) as client:
        yield client


@pytest.fixture(scope="module")
def changeable(copy_of_seeded: Callable[[], Path]) -> Iterator[TestClient]:
    with serving(Settings(data_dir=copy_of_seeded())) as client:
        yield client


@pytest.fixture
def client(changeable: TestClient) -> Iterator[TestClient]:
    """A client of the seeds, for tests that add documents; they are removed afterwards."""
    yield changeable
    for document in changeable.get("/v1/documents").json()["documents"]:
        if document["id"] not in SEEDS:
            changeable.delete(f"/v1/documents/{document['id']}")


def conforms(model: type[BaseModel], body: dict[str, Any]) -> None:
    """The documented shape has exactly the fields that were sent, in their order."""
    dumped = model.model_validate(body).model_dump(mode="json")
    assert dumped == body
    assert list(dumped) == list(body)


def ask(client: TestClient, question: str = QUESTION, **fields: object) -> dict[str, Any]:
    response = client.post("/v1/ask", json={"question": question, **fields})
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def test_ask_answers_in_the_contracts_shape(reader: TestClient) -> None:
    body = ask(reader, f"  {QUESTION}\n")
    assert list(body) == [
        "question",
        "question_language",
        "answerable",
        "answer",
        "results",
        "index",
        "took_ms",
    ]
    assert body["question"] == QUESTION
    assert body["question_language"] == "en"
    assert [result["rank"] for result in body["results"]] == [1, 2, 3, 4, 5]
    scores = [result["score"] for result in body["results"]]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert body["index"]["documents"] == 5
    assert body["index"]["model"] == "bundled"
    assert body["took_ms"] > 0
    conforms(replies.AnswerOut, body)


def test_ask_answers_the_question_from_a_german_document(reader: TestClient) -> None:
    body = ask(reader)
    assert body["answerable"] is True
    assert body["answer"]["citation"]["language"] == "de"
    quotes = " ".join(result["text"] for result in body["results"])
    assert "Soldaten" in quotes


@pytest.mark.parametrize(
    "question",
    [
        QUESTION,
        "Отправит ли Беларусь солдат в Украину?",
        "¿Enviará Bielorrusia soldados a Ucrania?",
        "„Spezialoperation“ – was heißt das für Lukaschenko?",
        "白俄罗斯会派兵吗？ 🇧🇾",
        "İstanbul ile ilgili bir şey var mı?",
        "سعر الخبز",
    ],
)
def test_every_quote_is_what_its_offsets_name(reader: TestClient, question: str) -> None:
    body = ask(reader, question, top_k=50)
    assert body["results"]
    cited = [(result["text"], result["citation"]) for result in body["results"]]
    assert (body["answer"] is None) == (not body["answerable"])
    if body["answer"] is not None:
        cited.append((body["answer"]["text"], body["answer"]["citation"]))
    for text, citation in cited:
        source = SEEDS[citation["document_id"]]
        start, end = citation["start"], citation["end"]
        assert text == citation["quote"] == source[start:end]
        assert source[:start].endswith(citation["prefix"])
        assert source[end:].startswith(citation["suffix"])
        assert citation["lines"] == [
            source.count("\n", 0, start) + 1,
            source.count("\n", 0, end - 1) + 1,
        ]
    for result in body["results"]:
        source = SEEDS[result["citation"]["document_id"]]
        for highlight in result["highlights"]:
            assert highlight["text"] == source[highlight["start"] : highlight["end"]] != ""
            assert result["citation"]["start"] <= highlight["start"]
            assert highlight["end"] <= result["citation"]["end"]


def test_what_is_cited_can_be_read_and_looked_up(reader: TestClient) -> None:
    citation = ask(reader, top_k=1)["results"][0]["citation"]
    place = {"start": citation["start"], "end": citation["end"]}
    text = reader.get(f"/v1/documents/{citation['document_id']}/text", params=place).json()
    conforms(replies.TextOut, text)
    assert text["text"] == citation["quote"]
    assert text["sha256"] == citation["document_sha256"]
    assert text["length"] == len(SEEDS[citation["document_id"]])
    found = reader.get(f"/v1/citations/{citation['id']}").json()
    conforms(replies.CitationCheckOut, found)
    assert found["status"] == "valid"
    assert found["current"] == {**place, "quote": citation["quote"]}
    assert found["differences"] == []
    # What describes the document and what was found in it is the same however it is asked for.
    assert found["citation"]["quote"] == citation["quote"]
    assert found["citation"]["id"] == citation["id"]


def test_a_citations_link_leads_to_the_text(reader: TestClient) -> None:
    citation = ask(reader, top_k=1)["results"][0]["citation"]
    response = reader.get(citation["url"])
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.content.decode() == SEEDS[citation["document_id"]]


def test_get_answers_the_same_as_post(reader: TestClient) -> None:
    posted = ask(
        reader,
        top_k=3,
        min_score=0.01,
        filters={
            "language": ["de", "es"],
            "document_ids": ["000_0213957b6fa26305.txt", "001_010e3c4c887097cd.txt"],
            "published_from": "2022-03",
            "published_to": "2022-12-31",
        },
    )
    response = reader.get(
        "/v1/ask",
        params={
            "question": QUESTION,
            "top_k": 3,
            "min_score": 0.01,
            "language": ["de", "es"],
            "document_id": ["000_0213957b6fa26305.txt", "001_010e3c4c887097cd.txt"],
            "published_from": "2022-03",
            "published_to": "2022-12-31",
        },
    )
    assert response.status_code == 200
    got = response.json()
    assert posted["results"]
    del posted["took_ms"], got["took_ms"]
    assert got == posted


def test_filters_restrict_the_search_itself(reader: TestClient) -> None:
    only = ask(reader, top_k=50, filters={"document_ids": ["003_a97152fd53e54b8e.txt"]})
    assert {each["citation"]["document_id"] for each in only["results"]} == {
        "003_a97152fd53e54b8e.txt"
    }
    march = ask(reader, top_k=50, filters={"published_to": "2022-03"})
    assert {each["citation"]["document_id"] for each in march["results"]} == {
        "001_010e3c4c887097cd.txt"
    }
    spanish = ask(reader, "calidad del aire", top_k=3, filters={"language": ["es"]})
    assert {each["citation"]["language"] for each in spanish["results"]} == {"es"}
    nowhere = ask(reader, filters={"document_ids": ["no-such-document"]})
    assert nowhere["results"] == []
    assert nowhere["answer"] is None
    assert nowhere["answerable"] is False


def test_min_score_leaves_out_what_scores_less(reader: TestClient) -> None:
    everything = ask(reader, top_k=50)
    bound = everything["results"][2]["score"]
    kept = ask(reader, top_k=50, min_score=bound)
    assert 2 <= len(kept["results"]) < len(everything["results"])
    assert all(result["score"] >= bound - 1e-6 for result in kept["results"])


def test_the_page_gets_texts_cut_at_their_highlights(reader: TestClient) -> None:
    body = reader.get("/page/answer", params={"question": QUESTION}).json()
    assert any(piece["highlighted"] for piece in body["results"][0]["pieces"])
    for result in body["results"]:
        assert "".join(piece["text"] for piece in result["pieces"]) == result["text"]
        marked = [piece["text"] for piece in result["pieces"] if piece["highlighted"]]
        assert marked == [highlight["text"] for highlight in result["highlights"]]


def test_a_document_is_created_updated_and_left_unchanged(client: TestClient) -> None:
    def put(**body: object) -> tuple[int, dict[str, Any]]:
        response = client.put("/v1/documents/hafen", json=body)
        return response.status_code, response.json()

    before = client.get("/readyz").json()["sequence"]
    status, change = put(text=GERMAN, title="Hafen", published="2022-08-01", metadata={"a": [1]})
    assert (status, change["status"], change["passages"]) == (201, "created", 1)
    assert change["sequence"] == before + 1
    conforms(replies.ChangeOut, change)
    described = client.get("/v1/documents/hafen").json()
    conforms(replies.DocumentOut, described)
    assert described["title"] == "Hafen"
    assert described["language"] == "de"
    assert described["published"] == "2022-08-01"
    assert described["source"] == "api"
    assert described["metadata"] == {"a": [1]}
    assert described["characters"] == len(GERMAN)
    assert described["sha256"] == change["sha256"]
    same = put(text=GERMAN, title="Hafen", published="2022-08-01", metadata={"a": [1]})
    assert same == (200, {**change, "status": "unchanged"})
    status, updated = put(text=GERMAN + "\n\nKiew widersprach.")
    assert (status, updated["status"]) == (200, "updated")
    assert updated["sha256"] != change["sha256"]


def test_a_document_is_searchable_when_put_answers_and_gone_when_delete_does(
    client: TestClient,
) -> None:
    client.put("/v1/documents/hafen", json={"text": GERMAN, "source": "Rundfunk"})
    only = {"document_ids": ["hafen"]}
    (result,) = ask(client, "Is the port of Odesa open?", filters=only)["results"]
    assert result["text"] == GERMAN
    assert result["citation"]["source"] == "Rundfunk"
    response = client.delete("/v1/documents/hafen")
    assert response.status_code == 200
    conforms(replies.RemovedOut, response.json())
    assert response.json()["status"] == "deleted"
    assert ask(client, "Is the port of Odesa open?", filters=only)["results"] == []
    found = client.get(f"/v1/citations/{result['citation']['id']}").json()
    assert found["status"] == "deleted"
    assert found["current"] is None
    assert found["citation"]["quote"] == GERMAN
    assert client.delete("/v1/documents/hafen").status_code == 404


def test_many_documents_are_all_put(client: TestClient) -> None:
    documents = [{"id": f"d{n}", "text": f"Satz Nummer {n}. {GERMAN}"} for n in range(3)]
    response = client.post("/v1/documents", json={"documents": documents})
    assert response.status_code == 201
    body = response.json()
    conforms(replies.ChangesOut, body)
    assert [change["id"] for change in body["documents"]] == ["d0", "d1", "d2"]
    assert body["sequence"] == client.get("/readyz").json()["sequence"]
    again = client.post("/v1/documents", json={"documents": documents})
    assert again.status_code == 200
    assert {change["status"] for change in again.json()["documents"]} == {"unchanged"}


def test_many_documents_are_all_refused_when_one_is_bad(client: TestClient) -> None:
    good = {"id": "good", "text": GERMAN}
    response = client.post("/v1/documents", json={"documents": [good, {"id": "x", "text": " \n"}]})
    assert response.status_code == 422
    assert response.json()["type"] == "urn:problem-type:fundstelle:empty-document"
    assert client.get("/v1/documents/good").status_code == 404
    twice = client.post("/v1/documents", json={"documents": [good, good]})
    assert twice.status_code == 422
    assert "'good' is given twice" in twice.json()["detail"]


def test_documents_are_listed_page_by_page(reader: TestClient) -> None:
    listed: list[str] = []
    cursor: dict[str, str] = {}
    sizes = []
    while True:
        body = reader.get("/v1/documents", params={"limit": 2, **cursor}).json()
        conforms(replies.DocumentsOut, body)
        sizes.append(len(body["documents"]))
        listed += [document["id"] for document in body["documents"]]
        if body["next_cursor"] is None:
            break
        cursor = {"cursor": body["next_cursor"]}
    assert sizes == [2, 2, 1]
    assert listed == sorted(SEEDS)


def test_text_is_sliced_in_code_points(client: TestClient) -> None:
    text = "e\u0301 🚢🚢 İstanbul\r\nनमस्ते"
    client.put("/v1/documents/scripts", json={"text": text})
    for start, end in [(0, 2), (3, 4), (5, 14), (13, 15), (15, len(text)), (4, 4)]:
        response = client.get(f"/v1/documents/scripts/text?start={start}&end={end}")
        assert response.json()["text"] == text[start:end]
    assert client.get("/v1/documents/scripts/text").json()["text"] == text
    assert client.get("/v1/documents/scripts/text?start=5").json()["text"] == text[5:]


def test_the_documented_examples_are_true(reader: TestClient) -> None:
    citation = examples.CITATION_CHECK["citation"]
    source = SEEDS[citation["document_id"]]
    assert source[citation["start"] : citation["end"]] == citation["quote"]
    found = reader.get(f"/v1/citations/{citation['id']}").json()
    assert found["citation"] == citation
    for highlight in examples.ANSWER["results"][0]["highlights"]:
        assert source[highlight["start"] : highlight["end"]] == highlight["text"]
    conforms(replies.AnswerOut, examples.ANSWER)
    conforms(replies.DocumentOut, examples.DOCUMENT)
    conforms(replies.FilesOut, examples.FILES)
