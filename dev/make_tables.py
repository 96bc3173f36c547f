#!/usr/bin/env python3
"""Writes datasets/src/test/resources/hub: tiny tables of made-up documents in the columns, folders and file formats of
Hugging Face's datasets. Needs pyarrow (26.0.1 wrote the present ones).

    python3 dev/make_tables.py datasets/src/test/resources/hub
"""
import pathlib
import sys

import pyarrow as pa
import pyarrow.parquet as pq

out = pathlib.Path(sys.argv[1])
choices = pa.struct([("text", pa.list_(pa.string())), ("label", pa.list_(pa.string()))])


def table(types, rows):
    schema = pa.schema(types)
    return pa.Table.from_pylist([dict(zip(schema.names, row)) for row in rows], schema=schema)


def write(name, data, **options):
    path = out / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(data, path, **options)
    else:
        make = pa.ipc.new_file if options.get("file") else pa.ipc.new_stream
        with make(str(path), data.schema) as writer:
            writer.write_table(data, max_chunksize=options.get("rows"))


arc = [("id", pa.string()), ("question", pa.string()), ("choices", choices), ("answerKey", pa.string())]
write("datasets--allenai--ai2_arc/snapshots/abc/ARC-Easy/test-00000-of-00001.parquet", table(arc, [
    ("a1", "Is ice cold?", {"text": ["Yes", "No", "\u00e9"], "label": ["A", "B", "C"]}, "A"),
    ("a2", "Two \U0001f40e?", {"text": ["a", "b"], "label": ["1", "2"]}, "2")]), compression="snappy")
book = [("id", pa.string()), ("question_stem", pa.string()), ("choices", choices), ("answerKey", pa.string())]
folder = "allenai___openbookqa/main/0.0.0/abc/"
write(folder + "openbookqa-test.arrow", table(book, [
    ("b%d" % i, "Stem %d" % i, {"text": ["x", "y%d" % i], "label": ["A", "B"]}, "AB"[i % 2]) for i in range(5)]), rows=2)
write(folder + "openbookqa-validation-00000-of-00002.arrow", table(book, [
    ("v0", "First", {"text": ["x", "y"], "label": ["A", "B"]}, "B ")]), file=True)
write(folder + "openbookqa-validation-00001-of-00002.arrow", table(book, [
    ("v1", "Second", {"text": ["x", "y"], "label": ["A", "B"]}, "A")]))
write(folder + "cache-0123456789abcdef.arrow", table(book, []))
write("aps___super_glue/boolq/0.0.0/abc/super_glue-validation.arrow", table(
    [("question", pa.string()), ("passage", pa.string()), ("idx", pa.int32()), ("label", pa.int64())],
    [("is it so", "Title -- It is -- so.", 0, 1)]))
write("datasets--baber--piqa/snapshots/abc/data/validation-00000-of-00001.parquet", table(
    [("goal", pa.string()), ("sol1", pa.string()), ("sol2", pa.string()), ("label", pa.int64())],
    [("Sit", "down", "up", 0)]), compression="none", use_dictionary=False)
write("lighteval___siqa/default/0.0.0/abc/siqa-validation.arrow", table(
    [(name, pa.string()) for name in ("context", "question", "answerA", "answerB", "answerC", "label")],
    [("C.", "Q?", "a", "b", "c", "3")]))
write("datasets--Rowan--hellaswag/snapshots/abc/data/validation-00000-of-00001.parquet", table(
    [("ind", pa.int32()), ("activity_label", pa.string()), ("ctx_a", pa.string()), ("ctx_b", pa.string()),
     ("endings", pa.list_(pa.string())), ("label", pa.string()), ("note", pa.string())],
    [(7, "Running", "He runs.", "he", ["falls.", "[step] sits."], "1", None)]), compression="gzip")
wino = [(name, pa.string()) for name in ("sentence", "option1", "option2", "answer")]
folder = "allenai___winogrande/winogrande_xl/0.0.0/abc/"
write(folder + "winogrande-validation.arrow", table(wino, [("He saw _ go.", "Al", "Bo", "2")]))
write(folder + "winogrande-train.arrow", table(wino, [("She saw _ %d." % i, "Al", "Bo", "1") for i in range(3)]))
answer = pa.struct([("aliases", pa.large_list(pa.large_string())), ("value", pa.string()), ("score", pa.float64()),
                    ("seen", pa.bool_())])
write("mandarjoshi___trivia_qa/rc.wikipedia.nocontext/0.0.0/abc/trivia_qa-validation.arrow", table(
    [("question", pa.string()), ("question_id", pa.string()), ("answer", answer), ("nothing", pa.null())],
    [("Who?", "tc_1", {"aliases": ["He", "him"], "value": "He", "score": 0.5, "seen": True}, None)]))
write("EleutherAI___lambada_openai/default/0.0.0/abc/lambada_openai-test.arrow", table(
    [("text", pa.string())], [("The last word is  here",)]))
write("EleutherAI___wikitext_document_level/wikitext-2-raw-v1/0.0.0/abc/wikitext_document_level-test.arrow", table(
    [("page", pa.string())], [(" = T = \n \n Hello , you . ",), (" = U = \n Bye . \n",)]))
problems = [
    {"question": "It's _ \u00e9 .", "answer": "B", "options": ["a", 'say "b"', "c\n", "d"]},
    {"question": "Why?", "answer": "A", "options": ["e", "f", "g", "it's \"h\" \U0001f40e"]}]
write("datasets--EleutherAI--race/snapshots/abc/high/test-00000-of-00001.parquet", table(
    [("article", pa.string()), ("problems", pa.string())], [("An article.", repr(problems))]), compression="snappy")
