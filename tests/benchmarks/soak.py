"""Asks a server while its documents change, and checks every citation against the source text.

``make soak``: 10,000 documents are added in one chain of calls; then one client adds, replaces
and removes documents while others ask, until 5,000 answers have been checked. All the while the
index of words is written anew and exchanged, again and again. A citation is
*wrong* when the quoted words are not at the cited place of the cited version, and *stale* when
that version was already replaced or removed before the question was sent.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from qa.embedded import DATABASE
from qa.upkeep import NOT_DONE

SEEDS = Path(__file__).parents[2] / "seeds"
QUESTIONS = (
    "Will Belarus send soldiers to Ukraine?",
    "Отправит ли Беларусь солдат в Украину?",
    "Чи відправить Білорусь солдатів в Україну?",
    "Combien de volontaires le Bélarus peut-il mobiliser ?",
    "Wer hält Lukaschenko an der Macht?",
    "¿Qué dijo Hanna Liubakova sobre la sociedad?",
    "What did the union treaty oblige Belarus to do?",
    "Quante truppe russe sono di stanza in Bielorussia?",
)
ASKERS = 8
"""Clients that ask, so that several questions are answered together."""


@dataclass
class Version:
    """A text a document had: from the sending of its change until the next change was answered."""

    text: str | None
    sent: float
    ended: float = float("inf")


@dataclass
class Ledger:
    """What the changing client knows it did, by document id."""

    versions: dict[str, list[Version]] = field(default_factory=lambda: defaultdict(list))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, document_id: str, text: str | None) -> None:
        with self.lock:
            self.versions[document_id].append(Version(text, time.monotonic()))

    def done(self, document_id: str) -> None:
        with self.lock:
            versions = self.versions[document_id]
            if len(versions) > 1:
                versions[-2].ended = time.monotonic()

    def living(self) -> list[str]:
        with self.lock:
            return [i for i, v in self.versions.items() if v[-1].text is not None]


@dataclass
class Tally:
    """What was found."""

    answers: int = 0
    citations: int = 0
    wrong: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    changes: int = 0
    exchanges: int = 0
    failures: list[str] = field(default_factory=list)


def document(rng: random.Random, sentences: list[str]) -> str:
    """A text of recombined sentences, each of them marked so that no two texts are equal."""
    chosen = rng.sample(sentences, rng.randint(2, 6))
    return f"Bericht {rng.randrange(10**12)}. " + "\n\n".join(chosen)


def check_answer(
    answer: dict[str, Any], ledger: Ledger, sent: float, received: float, tally: Tally
) -> None:
    """Check each citation of an answer against what its document was."""
    cited = [(r["citation"], r["highlights"]) for r in answer["results"]]
    if answer["answer"]:
        cited.append((answer["answer"]["citation"], []))
    for citation, highlights in cited:
        tally.citations += 1
        with ledger.lock:
            versions = list(ledger.versions.get(citation["document_id"], []))
        matching = [v for v in versions if v.text and _sha(v.text) == citation["document_sha256"]]
        if not matching or not all(_right(citation, highlights, v.text or "") for v in matching):
            tally.wrong.append(str(citation))
        elif not any(v.sent <= received and v.ended >= sent for v in matching):
            tally.stale.append(str(citation))


def _right(citation: dict[str, Any], highlights: list[dict[str, Any]], text: str) -> bool:
    start, end = citation["start"], citation["end"]
    return (
        text[start:end] == citation["quote"]
        and text[:start].endswith(citation["prefix"])
        and text[end:].startswith(citation["suffix"])
        and text.count("\n", 0, start) + 1 == citation["lines"][0]
        and all(
            text[h["start"] : h["end"]] == h["text"] and start <= h["start"] < h["end"] <= end
            for h in highlights
        )
    )


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def change(client: httpx.Client, ledger: Ledger, tally: Tally, stop: threading.Event) -> None:
    """Add, replace and remove documents until told to stop."""
    rng = random.Random(2)
    sentences = seed_sentences()
    number = 0
    while not stop.is_set():
        living = ledger.living()
        kind = rng.choice(("add", "replace", "remove"))
        if kind == "remove":
            document_id, text = rng.choice(living), None
        else:
            number += 1
            document_id = rng.choice(living) if kind == "replace" else f"new-{number}"
            text = document(rng, sentences)
        ledger.begin(document_id, text)
        url = f"/v1/documents/{document_id}"
        reply = client.delete(url) if text is None else client.put(url, json={"text": text})
        ledger.done(document_id)
        tally.changes += 1
        if reply.status_code not in (200, 201):
            tally.failures.append(reply.text)


def ask(base: str, ledger: Ledger, tally: Tally, wanted: int, seed: int) -> None:
    """Ask and check until there are enough answers."""
    rng = random.Random(seed)
    sentences = seed_sentences()
    with httpx.Client(base_url=base, timeout=60) as client:
        while tally.answers < wanted:
            question = rng.choice(QUESTIONS) if rng.random() < 0.5 else rng.choice(sentences)
            sent = time.monotonic()
            reply = client.post("/v1/ask", json={"question": question[:2000], "top_k": 10})
            received = time.monotonic()
            if reply.status_code != 200:
                tally.failures.append(reply.text)
                continue
            check_answer(reply.json(), ledger, sent, received, tally)
            tally.answers += 1


def exchange(store: Path, tally: Tally, stop: threading.Event) -> None:
    """Has processes write what is derived anew, as a server would when at rest."""
    while not stop.is_set():
        for module in ("qa.lexical_compaction", "qa.representation_writing"):
            command = [sys.executable, "-m", module, str(store)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode not in (0, NOT_DONE):
                tally.failures.append(done.stderr)
            tally.exchanges += done.returncode == 0
        stop.wait(1.0)


def seed_sentences() -> list[str]:
    """Lines of the seeds."""
    texts = [p.read_text(encoding="utf-8") for p in sorted(SEEDS.glob("*.txt"))]
    return [line.strip() for text in texts for line in text.splitlines() if len(line) > 60]


def wait_ready(base: str) -> None:
    """Wait until the server says it is ready."""
    for _ in range(600):
        try:
            if httpx.get(f"{base}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise RuntimeError("the server did not become ready within 30 seconds")


def run(documents: int, answers: int, port: int) -> Tally:
    """The whole check against a server of its own."""
    base = f"http://127.0.0.1:{port}"
    ledger, tally, rng = Ledger(), Tally(), random.Random(1)
    sentences = seed_sentences()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "qa.cli", "serve", "--port", str(port)]
        server = subprocess.Popen(
            [*command, "--data-dir", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            wait_ready(base)
            with httpx.Client(base_url=base, timeout=120) as client:
                _add_all(client, ledger, rng, sentences, documents)
                stop = threading.Event()
                changer = threading.Thread(target=change, args=(client, ledger, tally, stop))
                exchanger = threading.Thread(
                    target=exchange, args=(Path(folder) / DATABASE, tally, stop)
                )
                askers = [
                    threading.Thread(target=ask, args=(base, ledger, tally, answers, seed))
                    for seed in range(3, 3 + ASKERS)
                ]
                for thread in (changer, exchanger, *askers):
                    thread.start()
                for thread in askers:
                    thread.join()
                stop.set()
                changer.join()
                exchanger.join()
        finally:
            server.terminate()
            server.wait(timeout=30)
    return tally


def _add_all(
    client: httpx.Client, ledger: Ledger, rng: random.Random, sentences: list[str], count: int
) -> None:
    started = time.perf_counter()
    for first in range(0, count, 200):
        batch = {f"doc-{first + n}": document(rng, sentences) for n in range(200)}
        for document_id, text in batch.items():
            ledger.begin(document_id, text)
        body = {"documents": [{"id": i, "text": t} for i, t in batch.items()]}
        client.post("/v1/documents", json=body).raise_for_status()
    seconds = time.perf_counter() - started
    sys.stdout.write(f"added {count} documents in {seconds:.1f} s ({count / seconds:.0f}/s)\n")


def main() -> int:
    """Run it and report; the exit status is 1 when anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--answers", type=int, default=5_000)
    parser.add_argument("--port", type=int, default=8765)
    arguments = parser.parse_args()
    started = time.perf_counter()
    tally = run(arguments.documents, arguments.answers, arguments.port)
    sys.stdout.write(
        f"{tally.answers} answers, {tally.citations} citations checked against their source while "
        f"{tally.changes} changes were made and the index of words exchanged {tally.exchanges} "
        f"times: {len(tally.wrong)} wrong, {len(tally.stale)} stale, "
        f"{len(tally.failures)} failed requests ({time.perf_counter() - started:.0f} s)\n"
    )
    for problem in (*tally.wrong[:3], *tally.stale[:3], *tally.failures[:3]):
        sys.stdout.write(f"  {problem[:500]}\n")
    return 1 if tally.wrong or tally.stale or tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
