"""The recipe of the bundled model: its reading, spelling and sampling, and that it learns."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from embeddings.training import (
    batches,
    corpora,
    evaluate,
    export,
    names,
    pruning,
    settling,
    sharing,
    steps,
    student,
)
from embeddings.training import train as recipe
from embeddings.training import vocabulary as spelling
from embeddings.training.corpora import Pair


def words(text: str) -> list[str]:
    normalised = spelling.normalizer().normalize_str(text)
    return [word for word, _ in spelling.pre_tokenizer().pre_tokenize_str(normalised)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20.000 Menschen", ["20", "000", "menschen"]),
        ("20,000 people", ["20", "000", "people"]),
        ("im Jahr 2022", ["im", "jahr", "2022"]),
        ("Élève", ["eleve"]),
        ("Präsident", ["präsident"]),
        ("сям’я", ["сямя"]),
        ("والكتاب", ["وال", "كتاب"]),
        ("الله", ["الله"]),  # too short a rest to be sure that an article was cut
        ("5 %", ["5", "%"]),
    ],
)
def test_words_are_spelled_alike_across_formats(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_a_piece_falls_into_smaller_ones() -> None:
    pieces = ["<unk>", "s", "o", "l", "d", "a", "t", "e", "n", "soldat", "soldaten", "123", "ü"]
    smaller = spelling.smaller_pieces([*pieces, "süß"])
    assert [pieces[row] for row in smaller[pieces.index("soldaten")]] == ["soldat", "e", "n"]
    assert [pieces[row] for row in smaller[pieces.index("soldat")]] == list("soldat")
    assert smaller[pieces.index("123")] == [pieces.index("123")]  # 12 and 3 say nothing of 123
    assert smaller[pieces.index("s")] == [pieces.index("s")]
    assert smaller[len(pieces)] == [len(pieces)]  # ß is not known: it stays whole


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "Lukashenko"), ("de", "Lukaschenko"), ("pl", "Lukaszenko"), ("fr", "Loukachenko")],
)
def test_names_are_spelled_as_a_language_does(language: str, expected: str) -> None:
    assert names.transcribe("Лукашенко", "ru", language) == expected


@pytest.mark.parametrize(
    ("gloss", "expected"),
    [
        ("to run (on foot)", "run"),
        ("plural of house", ""),
        ("soldier; warrior", "soldier, warrior"),
    ],
)
def test_glosses_are_cleaned(gloss: str, expected: str) -> None:
    assert corpora.clean_gloss(gloss) == expected


def test_corpora_are_read(tmp_path: Path) -> None:
    for folder, line in (
        ("parallel", "tico\tA cold day\tEin kalter Tag"),
        ("dictionary", "day\tTag"),
    ):
        (tmp_path / folder).mkdir()
        with gzip.open(tmp_path / folder / "de.tsv.gz", "wt", encoding="utf-8") as file:
            file.write(f"{line}\n{line}\n")
    assert corpora.read_parallel(tmp_path, "de") == [
        Pair("de", "tico", "A cold day", "Ein kalter Tag")
    ]
    assert corpora.read_dictionary(tmp_path, "de") == [Pair("de", "dictionary", "day", "Tag")]


def all_alone(table: NDArray[np.float32]) -> sharing.Shared:
    return sharing.share(table, np.ones(len(table)), np.ones(len(table), np.bool_), len(table))


def test_a_table_survives_its_folder(tmp_path: Path) -> None:
    table = np.random.default_rng(1).normal(size=(50, 8)).astype(np.float32)
    tokenizer = spelling.save(["<unk>", *(f"w{n}" for n in range(49))], tmp_path / "t.json")
    export.write(tmp_path / "model", tokenizer, all_alone(table))
    back = export.read(tmp_path / "model")
    assert not back[0].any()  # the unknown token means nothing
    assert np.abs(back[1:] - table[1:]).max() <= np.abs(table).max() / 127


def test_tokens_share_the_row_of_a_neighbour_that_is_used_more() -> None:
    rng = np.random.default_rng(4)
    words = rng.normal(size=(20, 8)).astype(np.float32)
    forms = 0.5 * words + 0.01 * rng.normal(size=(20, 8)).astype(np.float32)
    table = np.concatenate([words, forms])
    usage = np.repeat(np.array([100.0, 1.0]), 20)
    shared = sharing.share(table, usage, np.zeros(40, np.bool_), 20)
    assert shared.mapping[20:].tolist() == shared.mapping[:20].tolist()
    assert len(set(shared.mapping[:20].tolist())) == len(shared.rows) == 20
    back = shared.rows[shared.mapping] * shared.lengths[:, None]
    assert np.allclose(np.linalg.norm(back, axis=1), np.linalg.norm(table, axis=1), rtol=1e-5)
    assert np.abs(back - table).max() < 0.1


def test_tokens_that_must_not_share_keep_their_rows() -> None:
    table = np.repeat(np.random.default_rng(5).normal(size=(20, 8)), 2, axis=0).astype(np.float32)
    alone = np.arange(40) < 20
    shared = sharing.share(table, np.arange(40.0), alone, 1)
    assert len(set(shared.mapping[:20].tolist())) == 20
    assert not set(shared.mapping[:20].tolist()) & set(shared.mapping[20:].tolist())
    assert shared.mapping[20::2].tolist() == shared.mapping[21::2].tolist()


def test_words_are_dropped_that_their_parts_say_as_well() -> None:
    pieces = ["<unk>", *"abcdefgh", "abcd", "efgh", "abcdefgh", "efghabcd"]
    table = np.zeros((len(pieces), 4), dtype=np.float32)
    table[1:9, 3] = 1
    table[9, 0] = table[10, 1] = 1  # abcd, efgh
    table[11, :2] = 1  # abcdefgh is abcd and efgh
    table[12, 2] = 1  # efghabcd means something else
    words = range(9, len(pieces))
    usage = np.ones(len(pieces))
    every = list(range(13))
    assert pruning.kept(pieces, table, usage, words, 13).tolist() == every
    assert pruning.kept(pieces, table, usage, words, 12).tolist() == [*every[:11], 12]
    # What a dropped word falls into stays, however few are wanted.
    assert pruning.kept(pieces, table, usage, words, 1).tolist() == every[:11]


def test_rare_forms_fall_into_their_stem_and_an_ending() -> None:
    counts = Counter({f"krzesl{end}": 2 for end in ("o", "a", "em", "om")} | {"krzywo": 9, "kr": 9})
    known = {"kr", "krzywo"}
    assert spelling.stems(counts, known, 5) == ["krzesl"]
    assert spelling.stems(counts, known | {"krzesl"}, 5) == []
    assert spelling.stems(Counter({"krzeslo": 2, "krzesla": 2}), known, 5) == []  # no family


def test_reduced_rows_keep_what_they_can() -> None:
    rng = np.random.default_rng(2)
    table = (rng.normal(size=(100, 3)) @ rng.normal(size=(3, 10))).astype(np.float32)
    kept = table @ export.main_axes(table, 3)
    assert kept.shape == (100, 3)
    assert np.allclose(kept @ kept.T, table @ table.T, atol=1e-3)


SYLLABLES = ("ba", "do", "fi", "gu", "ke", "la", "mo", "ni", "pu", "ra", "se", "ti")


def toy_pairs() -> list[Pair]:
    """A language whose every word is an English one in other letters."""
    rng = np.random.default_rng(3)
    english = [a + b for a in SYLLABLES for b in SYLLABLES][:100]
    other = [f"x{word[::-1]}" for word in english]
    pairs = [Pair("de", corpora.DICTIONARY, e, o) for e, o in zip(english, other, strict=True)]
    for _ in range(400):
        chosen = rng.choice(100, 6, replace=False)
        pairs.append(
            Pair(
                "de",
                "tico",
                " ".join(english[i] for i in chosen),
                " ".join(other[i] for i in chosen),
            )
        )
    return pairs


def toy_corpus(pairs: list[Pair], folder: Path) -> tuple[Tokenizer, batches.Corpus]:
    vocabulary = sorted({word for p in pairs for word in f"{p.english} {p.text}".split()})
    letters = sorted({letter for word in vocabulary for letter in word})
    tokenizer = spelling.save(["<unk>", *letters, *vocabulary], folder / "tokenizer.json")
    known = {text: row for row, text in enumerate(dict.fromkeys(p.english for p in pairs))}
    return tokenizer, recipe.build_corpus(pairs, tokenizer, known)


def piece_of(tokenizer: Tokenizer, token: int) -> str:
    piece = tokenizer.id_to_token(token)
    assert piece is not None
    return piece


def test_some_tokens_are_read_as_smaller_pieces(tmp_path: Path) -> None:
    tokenizer, corpus = toy_corpus(toy_pairs(), tmp_path)
    tokens, owner = corpus.flatten(np.arange(len(corpus.bags)))
    read, owners = batches.Sampler(corpus, 1).split(tokens, owner)
    assert len(read) > len(tokens)
    assert (np.diff(owners) >= 0).all()

    def spelled(ids: np.ndarray[tuple[int], np.dtype[np.int64]]) -> str:
        return "".join(piece_of(tokenizer, int(i)) for i in ids)

    for text in range(0, len(corpus.bags), 37):
        assert spelled(read[owners == text]) == spelled(tokens[owner == text])


def test_usage_is_what_is_drawn(tmp_path: Path) -> None:
    german = [Pair("de", "tico", f"a{n}", "der") for n in range(9)]
    tokenizer, corpus = toy_corpus([*german, Pair("be", "tico", "b", "гэта")], tmp_path)
    drawn = batches.usage(corpus, tokenizer.get_vocab_size())
    der, heta = (float(drawn[tokenizer.token_to_id(word)]) for word in ("der", "гэта"))
    assert der + heta == pytest.approx(10)
    # A language is drawn by the square root of its pairs, times what is set for it.
    thin = batches.THIN_LANGUAGE
    assert der / heta == pytest.approx(9**0.5 * thin["de"] / thin["be"])


def test_dropped_tokens_are_read_as_their_parts(tmp_path: Path) -> None:
    tokenizer, corpus = toy_corpus(toy_pairs(), tmp_path)
    pieces = recipe.pieces_of(tokenizer)
    kept = np.array([row for row in range(len(pieces)) if row % 3 or len(pieces[row]) == 1])
    read = batches.reread(corpus, kept)
    smaller = spelling.save([pieces[row] for row in kept], tmp_path / "kept.json")
    assert len(read.smaller) == len(kept)
    for text in range(0, len(corpus.bags), 37):
        spelled = [tokenizer.id_to_token(int(row)) for row in corpus.bags[text]]
        assert [smaller.id_to_token(int(row)) for row in read.bags[text]] == [
            part for word in spelled for part in smaller.encode(word).tokens
        ]
    for row, piece in enumerate(kept):
        parts = [piece_of(smaller, int(part)) for part in read.smaller[row]]
        assert "".join(parts) == pieces[piece]


def test_a_batch_depends_on_its_number_alone(tmp_path: Path) -> None:
    _, corpus = toy_corpus(toy_pairs(), tmp_path)
    drawn = steps.Batches(corpus, 5)
    first = [drawn[number].flat for number in range(8)]
    for number, batch in zip(range(7, 3, -1), drawn.ahead(range(7, 3, -1), 0), strict=True):
        assert (batch.flat == first[number]).all()
    assert (first[1].shape != first[3].shape) or (first[1] != first[3]).any()


def test_a_token_moves_the_row_that_it_shares() -> None:
    rows = np.eye(3, dtype=np.float32)
    shared = sharing.Shared(rows, np.array([0, 1, 1, 2]), np.array([1, 2, 0.5, 1], np.float32))
    table = settling.SharedTable(shared, torch.device("cpu"))
    used = torch.tensor([1, 2])
    leaf = table.take(used)
    (leaf @ torch.tensor([-1.0, 0, 0])).sum().backward()
    table.step(leaf, used, 0.1)
    after = table.shared()
    assert (after.rows[[0, 2]] == rows[[0, 2]]).all()
    assert after.rows[1, 0] > 0.05
    assert np.linalg.norm(after.rows[1]) == pytest.approx(1)
    assert (after.lengths == shared.lengths).all()


def test_exact_and_approximate_neighbours_agree() -> None:
    units = evaluate.unit(np.random.default_rng(6).normal(size=(60, 8)).astype(np.float32))
    exact, cosines = sharing._exact(units, "cpu")
    approximate, _ = sharing._approximate(units)
    assert (exact[:, 0] == np.arange(60)).all()
    assert (np.diff(cosines, axis=1) <= 0).all()
    assert (exact == approximate).mean() > 0.99


def test_training_brings_translations_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, size in (("SENTENCES", 64), ("ENTRIES", 64), ("QUESTIONS", 32)):
        monkeypatch.setattr(steps, name, size)
    torch.manual_seed(1)
    pairs = toy_pairs()
    tokenizer, corpus = toy_corpus(pairs, tmp_path)
    rng = np.random.default_rng(4)
    targets = evaluate.unit(rng.normal(size=(1 + corpus.target.max(), 16)).astype(np.float32))
    table = student.Table(torch.randn(tokenizer.get_vocab_size(), 16) * 0.3)

    def found() -> float:
        """Share of the English words whose translation is the nearest foreign word."""
        rows = table.rows.numpy()
        entries = corpus.entries
        left, right = (
            evaluate.unit(np.stack([rows[corpus.bags[i]].mean(axis=0) for i in side[entries]]))
            for side in (corpus.english, corpus.text)
        )
        return float(((left @ right.T).argmax(axis=1) == np.arange(len(entries))).mean())

    assert found() < 0.2
    trainer = steps.Trainer(targets, table, torch.device("cpu"))
    for number, batch in enumerate(steps.Batches(corpus, 5).ahead(range(200), 0)):
        # from nothing, by greater steps than after a regression
        trainer.step(batch, 0.025 * (1 - number / 200))
    assert found() > 0.9


def test_shared_rows_settle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in (("SENTENCES", 64), ("ENTRIES", 64), ("QUESTIONS", 32)):
        monkeypatch.setattr(steps, name, size)
    pairs = toy_pairs()
    tokenizer, corpus = toy_corpus(pairs, tmp_path)
    rng = np.random.default_rng(4)
    words = [pair for pair in pairs if pair.source == corpora.DICTIONARY]
    meaning = {p.english: rng.normal(size=16).astype(np.float32) for p in words}
    english = dict.fromkeys(pair.english for pair in pairs)
    targets = evaluate.unit(np.stack([sum(meaning[w] for w in e.split()) for e in english]))
    # A word and its translation share a row, which knows nothing yet.
    rows = evaluate.unit(rng.normal(size=(100, 16)).astype(np.float32))
    place = tokenizer.get_vocab()
    mapping = np.arange(len(place)) % 100
    for number, pair in enumerate(words):
        mapping[[place[pair.english], place[pair.text]]] = number
    lengths = np.ones(len(place), np.float32)
    table = settling.SharedTable(sharing.Shared(rows, mapping, lengths), torch.device("cpu"))
    trainer = steps.Trainer(targets, table, torch.device("cpu"))
    for number, batch in enumerate(steps.Batches(corpus, 5).ahead(range(200), 0)):
        trainer.step(batch, 0.05 * (1 - number / 200))
    wanted = evaluate.unit(np.stack([meaning[pair.english] for pair in words]))
    before, after = ((units * wanted).sum(axis=1).mean() for units in (rows, table.shared().rows))
    assert before < 0.1
    assert after > 0.7


def test_training_goes_on_from_a_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, size in (("SENTENCES", 64), ("ENTRIES", 64), ("QUESTIONS", 32)):
        monkeypatch.setattr(steps, name, size)
    tokenizer, corpus = toy_corpus(toy_pairs(), tmp_path)
    rng = np.random.default_rng(4)
    targets = evaluate.unit(rng.normal(size=(1 + corpus.target.max(), 16)).astype(np.float32))
    start = torch.from_numpy(rng.normal(size=(tokenizer.get_vocab_size(), 16)).astype(np.float32))

    def trained(path: Path, stops: tuple[int, ...]) -> torch.Tensor:
        for stop in stops:
            table = student.Table(start.clone())
            trainer = steps.Trainer(targets, table, torch.device("cpu"))
            drawn = steps.Batches(corpus, 5)
            recipe.fit(trainer, drawn, stop, lambda step, total: 0.01, path)
        return table.rows

    once = trained(tmp_path / "once.pt", (20,))
    assert torch.allclose(once, trained(tmp_path / "twice.pt", (8, 20)), atol=1e-6)
