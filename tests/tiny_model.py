"""Builds a static model of a few hundred tokens, in the format of the bundled one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

DIMENSION = 48

SENTENCES = (
    "Wird Belarus Soldaten in die Ukraine schicken?",
    "„Die Straße ist gesperrt“, sagte der Präsident am Abend.",
    "Отправит ли Беларусь солдат в Украину?",
    "هل سترسل بيلاروسيا جنودا إلى أوكرانيا؟",
    "क्या बेलारूस यूक्रेन में सैनिक भेजेगा?",
    "เบลารุสจะส่งทหารไปยูเครนหรือไม่",
    "ベラルーシはウクライナに兵士を送りますか？",
    "İstanbul'da IŞIK ve ılık bir akşam",
    "Soldiers 🪖 cross the border 🇧🇾, said no one",
    "Cafe\u0301 and café, cafe",
)

UNKNOWN = "🪖🇧🇾"  # left out of the vocabulary


def build(folder: Path) -> Path:
    """Write the model and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    _save_table(folder, tokenizer.get_vocab_size())
    prefix = "sentence_transformers.sentence_transformer.modules"
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": f"{prefix}.static_embedding.StaticEmbedding"},
        {"idx": 1, "name": "1", "path": "1_Normalize", "type": f"{prefix}.normalize.Normalize"},
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Normalize").mkdir(exist_ok=True)
    return folder


def _tokenizer() -> Tokenizer:
    """Greedy pieces: every word and character of the sentences, lower case.

    Runs of letters are cut at 40 because matching is quadratic in the length of a run. Unlike the
    bundled tokenizer it keeps punctuation.
    """
    normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    split = pre_tokenizers.Split(Regex(r"[\p{L}\p{M}\p{N}]{1,40}|\S"), "removed", invert=True)
    words = [
        word
        for sentence in SENTENCES
        for word, _ in split.pre_tokenize_str(normalizer.normalize_str(sentence))
        if word not in UNKNOWN
    ]
    characters = [character for word in words for character in word]
    pieces = dict.fromkeys(["<unk>", *words, *characters, *"abcdefghijklmnopqrstuvwxyz"])
    tokenizer = Tokenizer(
        models.WordPiece(
            {piece: number for number, piece in enumerate(pieces)},
            unk_token="<unk>",
            continuing_subword_prefix="",
            max_input_chars_per_word=40,
        )
    )
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = split
    return tokenizer


def _save_table(folder: Path, tokens: int) -> None:
    random = np.random.default_rng(7)
    rows = tokens - 20  # some tokens share a row
    mapping = np.concatenate([random.permutation(rows), np.arange(20)]).astype(np.int32)
    weights = random.uniform(0.0005, 0.01, tokens).astype(np.float32)
    weights[0] = 0.0  # the unknown token
    table = random.integers(-127, 128, (rows, DIMENSION)).astype(np.int8)
    save_file(
        {"embeddings": table, "weights": weights, "mapping": mapping},
        str(folder / "model.safetensors"),
    )
