"""Runs a script as a person would: one statement after the other. Prints how many there were."""

import sys

from pyspark.sql import SparkSession


def statements(script):
    """Cuts at semicolons that stand in no text, no name and no comment."""
    statement, quote, at = "", None, 0
    while at < len(script):
        letter = script[at]
        if quote:
            statement += letter
            if letter == "\\" and quote == "'":
                at += 1
                statement += script[at]
            elif letter == quote:
                quote = None
        elif script.startswith("--", at):
            at = script.index("\n", at)
        elif letter == ";":
            yield statement.strip()
            statement = ""
        else:
            quote = letter if letter in "'`\"" else None
            statement += letter
        at += 1
    if statement.strip():
        raise SystemExit("the script ends within a statement: " + statement)


spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
count = 0
for statement in statements(sys.stdin.read()):
    spark.sql(statement).collect()
    count += 1
print(count)
spark.stop()
