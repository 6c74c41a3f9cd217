#!/usr/bin/env python3
"""transformers' BERT tokenizer -> Tests/TokenizersTests/Fixtures/tokenizer.json, with the folders that it reads

The vocabulary is small and ours; its special tokens and stops have BERT's numbers, which Grounding DINO relies on ("[unused…]" between).
`cases` are texts and their numbers, by folder: `uncased` (tokenizer.json), `plain` (vocab.txt alone) and `cased` (vocab.txt and a
tokenizer_config.json).
"""
import json
import random
import shutil
import tempfile
from pathlib import Path

import transformers
from transformers import BertTokenizerFast

FIXTURES = Path(__file__).resolve().parents[2] / "Tests/TokenizersTests/Fixtures"

WORDS = """a the car person traffic light lamp dog cafe nai resume street sign wheel chair bus bicycle rider two 2 0 1 7 sky gr tree s t n
i o u e ##s ##t ##er ##ers ##ve ##ing ##light ##car ##2 ##0 ##1 ##k ##i ##ss ##e ##a ##n ##o ##u ##r ##c ##d ##l ##y ##x ##ß straße σ ς
##σ ##ς да ##да й и ##и ж ñ 人 車 木 ! " # ' ( ) , - / : ; _ ` € $ + = ~ ^ 가 ##가 ᄀ ##ᅡ ##ᄀ ᅡ I İ Car ##A CAR ä É x ˈ … „ “ ” – — ¿ ə क ##ि""".split()


def vocabulary():
    pieces = [f"[unused{i}]" for i in range(1030)]
    for number, name in {0: "[PAD]", 100: "[UNK]", 101: "[CLS]", 102: "[SEP]", 103: "[MASK]", 1012: ".", 1029: "?"}.items():
        pieces[number] = name
    return pieces + list(dict.fromkeys(WORDS))


TEXTS = [
    "", " ", "car . person . traffic light .", "Car. PERSON. Traffic Light.", "car.person.street sign?", "cars, riders; two-wheelers!",
    "Café naïve résumé", "Cafe\u0301 nai\u0308ve re\u0301sume\u0301", "ÀÉÎÕÜ ñandu Ñ", "straße STRASSE", "ΣΊΣΥΦΟΣ σς", "İstanbul I i ı", "Да й ёж Ж",
    "人車木a人", "a人b", "\u4e00\u9fff\uf900\U00020000\U0002b820\U0002b920", "가 각 각각", "😀 car 👨‍👩‍👧 🚗person", "car😀", "e-bike e–bike e—bike",
    "x" * 100, "x" * 101, "car" * 34, "a" * 99 + " car", "don't can't s't", "[CLS] car [SEP]", "[MASK]car[PAD]", "[cls] [UNK]", "[SEP", "car [SE P]",
    "car\tperson\nlight\r\n.", "car\u00a0person\u2003light\u3000dog", "ca\u200br ca\u00adr", "ca\u0000r \ufffdcar\u0007", "car\u0085person\u2028dog",
    "„car“ …person… ¿dog? 2€ $2", "a_b __car__ `x` ~^", "२०१७ ½ ² ℃ ﬁ ﬀ", "ｆｕｌｌ　ｗｉｄｔｈ", "कि कार", "\u061d car \u2e43dog \u0897a", "\u166d", "car" + "s" * 40,
    "  two   spaces  ", "0.1 1.2.3 7:0", "a.b?c", "ca\u0301\u0323r ca\u0323\u0301r", "Ǆ ǆ ǅ ŉ", "\u0130car", "car##s ##s", "## s",
]


def random_texts(count):
    random.seed(7)
    alphabet = list("carpestio n.?-'") + ["é", "ß", "人", "😀", "\u0301", "\u00ad", "Σ", " ", "2", "[SEP]", "İ", "가", "\u2028"]
    return ["".join(random.choice(alphabet) for _ in range(random.randint(1, 24))) for _ in range(count)]


def main():
    FIXTURES.mkdir(parents=True, exist_ok=True)
    text = "".join(piece + "\n" for piece in vocabulary())
    result = {"script": "scripts/reference/tokenizer.py", "transformers": transformers.__version__, "seed": 7, "cases": {}}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "vocab.txt")
        path.write_text(text, encoding="utf-8")
        for name, settings in {"uncased": {}, "plain": {}, "cased": {"do_lower_case": False}}.items():
            target = FIXTURES / name
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir()
            vocab = {piece: number for number, piece in enumerate(vocabulary())}
            tokenizer = BertTokenizerFast(vocab=vocab, **settings)
            if name == "uncased":
                tokenizer.save_pretrained(folder)
                saved = json.loads(Path(folder, "tokenizer.json").read_text())
                (target / "tokenizer.json").write_text(json.dumps(saved, ensure_ascii=False, separators=(",", ":")))
            else:
                (target / "vocab.txt").write_text(text, encoding="utf-8")
                if settings:
                    (target / "tokenizer_config.json").write_text(json.dumps(settings))
            result["cases"][name] = [{"text": text, "ids": tokenizer(text)["input_ids"]} for text in TEXTS + random_texts(60)]
            unknown = sum(100 in case["ids"] for case in result["cases"][name])
            print(name, len(vocab), "pieces,", len(result["cases"][name]), "texts,", unknown, "with an unknown word")
    (FIXTURES / "tokenizer.json").write_text(json.dumps(result, ensure_ascii=True, separators=(",", ":")))


if __name__ == "__main__":
    main()
