"""``fundstelle verify``: what it prints and what it exits with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from qa import cli

SEED = "000_0213957b6fa26305.txt"
QUOTE = "Machthaber Lukaschenko lehnt es bisher jedoch ab, seine Soldaten an die Front zu schicken."


@pytest.fixture(scope="module")
def seeded(copy_of_seeded: Callable[[], Path]) -> Path:
    return copy_of_seeded()


@pytest.fixture
def verify(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, seeded: Path
) -> Callable[..., tuple[int, str, str]]:
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            cli.main(["verify", *map(str, arguments), "--data-dir", str(seeded)])
        out, err = capsys.readouterr()
        return int(exit_.value.code or 0), out, err

    return run


Verify = Callable[..., tuple[int, str, str]]


def test_words_that_are_there_are_status_0(verify: Verify) -> None:
    for quote, verdict in ((QUOTE, "exact:"), (f"„{QUOTE}“", "normalised:")):
        status, out, _ = verify(quote)
        assert status == 0
        assert out.startswith(verdict)
        assert SEED in out
        assert QUOTE in out
    status, out, _ = verify("Lukaschenko", "--document", SEED)
    assert (status, out.partition(" ")[0]) == (0, "ambiguous")


def test_a_difference_is_drawn_and_is_status_1(verify: Verify) -> None:
    status, out, _ = verify("Aber es wird eine Mobilisierung geben", "--document", SEED)
    assert status == 1
    assert "[-eine-] {+keine+} Mobilisierung geben" in out
    assert "negation: 'eine' is 'keine' in the document" in out
    status, out, _ = verify(QUOTE.replace("jedoch ab", "jedoch nicht ab").replace("bisher ", ""))
    assert status == 1
    assert "es {+bisher+} jedoch [-nicht-] ab" in out


def test_what_nobody_says_is_status_1(verify: Verify) -> None:
    status, out, _ = verify("Die Katze schläft auf dem Sofa im Wohnzimmer.")
    assert (status, out.partition(":")[0]) == (1, "not_found")
    assert "% alike" in out


def test_json_is_the_contracts(verify: Verify) -> None:
    status, out, _ = verify(QUOTE, "--json")
    found = json.loads(out)
    assert (status, found["verdict"], found["matches"][0]["start"]) == (0, "exact", 75)


def test_every_quotation_in_a_file(verify: Verify, tmp_path: Path) -> None:
    file = tmp_path / "article.txt"
    file.write_text(f"Es heißt: „{QUOTE}“", encoding="utf-8")
    status, out, _ = verify("--file", file)
    assert (status, out.splitlines()[-1]) == (0, "1 exact; 0 skipped")
    file.write_text(f"„{QUOTE}“ und „das ist keine Lüge“", encoding="utf-8")
    status, out, _ = verify("--file", file, "--json")
    assert (status, json.loads(out)["counts"]) == (1, {"altered": 1, "exact": 1})


def test_one_line_says_what_is_wrong(verify: Verify, tmp_path: Path) -> None:
    for arguments, words in (
        ((), "either a quote or --file"),
        ((QUOTE, "--file", tmp_path), "either a quote or --file"),
        (("--file", tmp_path / "none.txt"), "cannot be read"),
        ((QUOTE, "--document", "nothing"), "no document 'nothing'"),
    ):
        status, _, err = verify(*arguments)
        assert status == 1
        assert words in err.replace("\n", " ")
