"""hdrctl sql and the loadable extension, over what the daemon logged."""

import json
import re

import pytest

from harness import packets
from harness.commands import HDRCTL, PROJECT, run, wait_until
from harness.daemon import Daemon

EXTENSION = PROJECT / ".build/release/libhdrlog"
DOCUMENT = (PROJECT / "docs/sql.md").read_text()
QUERIES = re.findall(r"```sql\n(.*?)```", DOCUMENT, re.DOTALL)


def sql(daemon, statement, *arguments):
    result = run(HDRCTL, "sql", statement, "--directory", str(daemon.state), "-o", "json", *arguments)
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture(scope="module")
def daemon(quiet_module_lab, module_folder):
    settings = {"capture__direction": "in", "capture__flow_interval": "1s", "storage__flush_interval": "100ms"}
    with Daemon(quiet_module_lab.logged, module_folder, **settings) as daemon:
        scan = [packets.tcp("198.51.100.7", "192.0.2.1", 40000, port, flags=2) for port in range(1, 41)]
        dns = [packets.udp("192.0.2.7", "192.0.2.1", 5353, 53) for _ in range(20)]
        short = [packets.Frame(scan[0].data[:20], {}) for _ in range(5)]
        packets.send(quiet_module_lab.peer, scan + dns + short)
        count = "SELECT (SELECT count(*) FROM headers) AS h, (SELECT sum(packets) FROM flows) AS f"
        wait_until(lambda: sql(daemon, count) == [{"h": 65, "f": 60}], 5, "65 records and 60 packets of flows")
        yield daemon


def test_there_are_ten_queries_in_the_document():
    assert len(QUERIES) == 10


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_a_query_of_the_document_answers(daemon, query):
    rows = sql(daemon, query)
    told = {
        "sum(rate) AS packets": lambda: rows[0]["packets"] == 40 and rows[0]["source"] == "198.51.100.7",
        "sum(packets) AS packets": lambda: [row["packets"] for row in rows] == [40, 20],
        "ORDER BY time DESC": lambda: len(rows) == 20 and rows[0]["protocol"] == "udp",
        "HAVING ports": lambda: rows == [{"source": "198.51.100.7", "destination": "192.0.2.1", "ports": 40}],
        "AS tries": lambda: len(rows) == 20,
        'AS "from"': lambda: {row["from"] for row in rows} == {"198.51.100.0/24", "192.0.2.0/24"},
        "AS syns": lambda: sum(row["syns"] for row in rows) == 40,
        "AS least": lambda: rows == [],
        "malformed": lambda: [row["frames"] for row in rows] == [5],
        "FROM gaps": lambda: rows == [],
    }
    (check,) = [check for words, check in told.items() if words in query]
    assert check(), rows


@pytest.mark.parametrize(
    "statement, words",
    [
        ("SELECT sorce FROM headers", "no such column: sorce"),
        ("SELECT 1 FROM headers WHERE filter = 'tcp prot 80'", "filter:"),
        ("DELETE FROM headers", "may not be modified"),
        ("ATTACH '/tmp/x' AS x", "not authorized"),
        ("SELECT 1; SELECT 2", "more than one statement"),
        ("", "no statement"),
    ],
)
def test_what_cannot_be_answered_is_told(daemon, statement, words):
    result = run(HDRCTL, "sql", statement, "--directory", str(daemon.state), check=False)
    assert result.returncode != 0
    assert words in result.stderr


def test_a_statement_ends_at_its_time_limit():
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    result = run(HDRCTL, "sql", endless, "--timeout", "1s", check=False)
    assert result.returncode == 1
    assert "longer than --timeout 1s" in result.stderr


def test_what_the_log_covers_is_told_beside_the_rows(daemon):
    statement = ["sql", "SELECT count(*) FROM headers", "--directory", daemon.state]
    told = run(HDRCTL, *statement).stderr
    assert "the log has headers of " in told and "every packet was logged" in told and "no gaps" in told
    assert run(HDRCTL, *statement, "--quiet").stderr == ""


def test_a_table_and_csv_escape_what_they_print():
    statement = "SELECT char(27) || '[2J' AS a, 'x,\"y' AS b"
    assert "\\u{1b}[2J" in run(HDRCTL, "sql", statement).stdout
    assert run(HDRCTL, "sql", statement, "-o", "csv").stdout.splitlines()[1].endswith(',"x,""y"')


def test_the_sqlite3_shell_loads_the_extension(daemon):
    statement = f"SELECT count(*) FROM headers('{daemon.state}') WHERE protocol = 17"
    assert run("sqlite3", ":memory:", f".load {EXTENSION}", statement).stdout == "20\n"


def test_python_loads_the_extension(daemon):
    program = (
        "import sqlite3, sys\n"
        "c = sqlite3.connect(':memory:')\n"
        "c.enable_load_extension(True)\n"
        "c.load_extension(sys.argv[1])\n"
        "c.execute(f\"CREATE VIRTUAL TABLE temp.copy USING headers('{sys.argv[2]}')\")\n"
        "print(c.execute(\"SELECT count(*) FROM copy WHERE in_net(source, '198.51.100.0/24')\").fetchone()[0])\n"
    )
    assert run("/usr/bin/python3", "-c", program, str(EXTENSION), str(daemon.state)).stdout == "40\n"
