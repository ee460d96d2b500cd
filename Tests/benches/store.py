"""The store beside DuckDB, SQLite's rows and nfdump: size, and five questions, over the same records, warm.

    store.py [--size 20000000] [--rounds 5] [--growth 2000000,20000000,60000000] [RESULTS.json]

hdrlog is asked by `hdrctl --directory`, its start included; DuckDB inside this process, its table open, with one and
with two threads. The answers must agree. The row table is sqlite3's, asked inside this process, too; it has the first
million headers, and its time is given for each of them. nfdump has flows, not headers: nfpcapd made them from the
same packets (--nfdump of the first so many, since that is slow), and its time is given for each header that it stands
for.

bytes_vs_duckdb, bytes_vs_parquet   size as a share of DuckDB's table and of Parquet with zstd, same fields
first_row_ms, needle_ms             the first 100 TCP headers of ten minutes; the records of one rare address
count_per_s, top_per_s, jsonl_per_s headers/s: a filtered count, the top ten sources by bytes, two million as JSON lines
count_per_core_s, top_per_core_s    the same of the engine alone, on one thread
*_vs_duckdb                         time as a share of DuckDB's with two threads: below 1 is faster
*_vs_rows                           time a header as a share of the row table's
start_ms                            of this, what hdrctl's start takes: `hdrctl --version`
top_vs_nfdump                       time a header as a share of nfdump's
device_mb_per_day_at_10             MB a day that reach the device (ext4 on a loop device) at 10 headers/s, set as in
                                    config/hdrlogd.appliance.toml; device_mb_per_day_at_10_default with the defaults
device_vs_stored_at_1k, _default    bytes that reach the device for each that is stored, at 1,000 headers/s
"""

import argparse
import ipaddress
import json
import os
import pathlib
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

import duckdb
import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from harness.store_meter import APPLIANCE, SERVER, megabytes_a_day, written_of_stored  # noqa: E402

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
RELEASE = PROJECT / ".build/release"
MINUTE = 60 * 10**9
# So many are written as JSON lines.
LINES = 2_000_000
ADDRESSES = ("source", "destination")


def timed(body):
    begun = time.perf_counter()
    answer = body()
    return time.perf_counter() - begun, answer


class Hdrlog:
    def __init__(self, directory: pathlib.Path):
        self.directory = directory

    def run(self, command: str, *arguments) -> str:
        line = [RELEASE / "hdrctl", command, *arguments, "--directory", self.directory]
        return subprocess.run(line, check=True, capture_output=True, text=True).stdout

    def first(self, since: int, until: int) -> list[int]:
        window = ("--since", instant(since), "--until", instant(until))
        lines = self.run("query", "--proto", "tcp", *window, "--limit", "100", "-o", "json").splitlines()
        return [json.loads(line)["time"] for line in lines]

    def needle(self, address: str) -> int:
        return len(self.run("query", "--host", address, "-o", "json").splitlines())

    def count(self) -> int:
        return json.loads(self.run("series", "--every", "10000d", "tcp", "-o", "json"))["total"]["records"]

    def top(self) -> list[int]:
        answer = json.loads(self.run("top", "--by", "source", "--bytes", "--limit", "10", "-o", "json"))
        return [group["sums"]["bytes"] for group in answer["groups"]]

    def syn(self) -> list[int]:
        answer = json.loads(self.run("series", "--every", "1s", "tcpFlags & 2 != 0", "-o", "json"))
        return [group["sums"]["records"] for group in answer["groups"]]

    def lines(self) -> int:
        """Thrown away, as the other side's are; hdrctl tells on stderr how many there were."""
        line = [RELEASE / "hdrctl", "query", "-o", "json", "--limit", str(LINES), "--directory", self.directory]
        told = subprocess.run(line, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True).stderr
        return int(re.search(r"(\d+) records", told).group(1))


def instant(time_ns: int) -> str:
    seconds, rest = divmod(time_ns, 10**9)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{rest:09d}Z"


class DuckDB:
    def __init__(self, columns: pathlib.Path, file: pathlib.Path):
        self.connection = duckdb.connect(str(file))
        arrays = {}
        for path in sorted(columns.iterdir()):
            name, _, kind = path.name.rpartition(".")
            arrays[name.replace(".", "_")] = numpy.fromfile(path, dtype=numpy.dtype("<u" + str(int(kind[1:]) // 8)))
        plain = [f'"{name}"' for name in arrays if not name.endswith(("_high", "_low"))]
        both = [f"({side}_high::UHUGEINT << 64) + {side}_low AS {side}" for side in ADDRESSES]
        # One row group a slice of memory: a table made of one huge scan needs more than there is.
        total = len(arrays["time"])
        for start in range(0, total, 4_000_000):
            piece = {name: values[start : start + 4_000_000] for name, values in arrays.items()}
            self.connection.register("piece", piece)
            select = f"SELECT {', '.join(plain + both)} FROM piece"
            self.connection.execute(f"{'INSERT INTO' if start else 'CREATE TABLE'} h {'' if start else 'AS'} {select}")
            self.connection.unregister("piece")
        self.connection.execute("CHECKPOINT")

    def ask(self, question: str):
        return self.connection.execute(question).fetchall()

    def threads(self, count: int):
        self.connection.execute(f"SET threads = {count}")

    def first(self, since: int, until: int) -> list[int]:
        # As many columns as the other side prints.
        where = f"protocol = 6 AND time >= {since} AND time < {until}"
        return [row[0] for row in self.ask(f"SELECT time, * FROM h WHERE {where} ORDER BY time LIMIT 100")]

    def needle(self, address: int) -> int:
        return len(self.ask(f"SELECT * FROM h WHERE source = {address} OR destination = {address}"))

    def count(self) -> int:
        return self.ask("SELECT count(*) FROM h WHERE protocol = 6")[0][0]

    def top(self) -> list[int]:
        question = "SELECT source, sum(frameLength) AS b FROM h GROUP BY source ORDER BY b DESC LIMIT 10"
        return [int(row[1]) for row in self.ask(question)]

    def syn(self) -> list[int]:
        question = "SELECT time // 1000000000 AS s, count(*) FROM h WHERE tcpFlags & 2 != 0 GROUP BY s ORDER BY s"
        return [row[1] for row in self.ask(question)]

    def lines(self) -> int:
        # Addresses in halves: 128-bit numbers would take it fifty times as long.
        halves = [f"({side} >> 64)::UBIGINT, ({side} & 18446744073709551615)::UBIGINT" for side in ADDRESSES]
        select = f"SELECT * EXCLUDE ({', '.join(ADDRESSES)}), {', '.join(halves)} FROM h LIMIT {LINES}"
        self.connection.execute(f"COPY ({select}) TO '/dev/null' (FORMAT json)")
        return min(LINES, self.ask("SELECT count(*) FROM h")[0][0])


class Rows:
    """A row a header in a table without an index, as the ingest comparison left it."""

    def __init__(self, file: pathlib.Path):
        self.connection = sqlite3.connect(file)
        self.headers = self.ask("SELECT count(*) FROM header")[0][0]

    def ask(self, question: str, *values):
        return self.connection.execute(question, values).fetchall()

    def top(self):
        return self.ask("SELECT source, sum(frameLength) AS b FROM header GROUP BY source ORDER BY b DESC LIMIT 10")

    def count(self):
        return self.ask("SELECT count(*) FROM header WHERE protocol = 6")

    def syn(self):
        return self.ask("SELECT time / 1000000000 AS s, count(*) FROM header WHERE tcpFlags & 2 != 0 GROUP BY s")

    def needle(self, address: int):
        key = address.to_bytes(16, "big")
        return self.ask("SELECT * FROM header WHERE source = ? OR destination = ?", key, key)


def rare_address(database: DuckDB) -> tuple[int, str]:
    """One with few records, in both forms: DuckDB's number and text. IPv4 stands in 32 bits."""
    row = database.ask(
        "SELECT source, any_value(ipVersion), count(*) AS n FROM h GROUP BY source HAVING n > 3 ORDER BY n, 1 LIMIT 1"
    )[0]
    number = int(row[0])
    text = ipaddress.IPv4Address(number & 0xFFFFFFFF) if row[1] == 4 else ipaddress.IPv6Address(number)
    return number, str(text)


def compare(size: int, rounds: int, folder: pathlib.Path, results: dict) -> dict:
    """Makes both stores of so many headers and asks them; returns the median seconds of each question and side."""
    store, columns = folder / "store", folder / "columns"
    numbers = folder / "store.json"
    subprocess.run([RELEASE / "StoreBench", store, str(size), numbers, columns], check=True)
    results.update(json.loads(numbers.read_text()))
    database = DuckDB(columns, folder / "h.duckdb")
    hdrlog = Hdrlog(store)
    total = database.ask("SELECT count(*) FROM h")[0][0]
    database.ask(f"COPY h TO '{folder}/h.parquet' (FORMAT parquet, COMPRESSION zstd)")
    bytes_of = {
        "hdrlog": sum(path.stat().st_blocks * 512 for path in store.iterdir()),
        "DuckDB": (folder / "h.duckdb").stat().st_size,
        "Parquet": (folder / "h.parquet").stat().st_size,
    }
    results["headers"] = total
    results["bytes_per_header"] = bytes_of["hdrlog"] / total
    results["bytes_vs_duckdb"] = bytes_of["hdrlog"] / bytes_of["DuckDB"]
    results["bytes_vs_parquet"] = bytes_of["hdrlog"] / bytes_of["Parquet"]
    number, address = rare_address(database)
    first, last = database.ask("SELECT min(time), max(time) FROM h")[0]
    middle = (first + last) // 2
    window = (middle, middle + 10 * MINUTE)
    questions = {
        "first": (lambda: hdrlog.first(*window), lambda: database.first(*window)),
        "needle": (lambda: hdrlog.needle(address), lambda: database.needle(number)),
        "count": (hdrlog.count, database.count),
        "top": (hdrlog.top, database.top),
        "syn": (hdrlog.syn, database.syn),
        "jsonl": (hdrlog.lines, database.lines),
    }
    rows = Rows(folder / "columns.rows.sqlite")
    scans = {"needle": lambda: rows.needle(number), "count": rows.count, "top": rows.top, "syn": rows.syn}
    medians = {}
    for name, (ours, theirs) in questions.items():
        times = {"hdrlog": [], "DuckDB 1": [], "DuckDB 2": []}
        for _ in range(rounds):
            spent, answer = timed(ours)
            times["hdrlog"].append(spent)
            for threads in (1, 2):
                database.threads(threads)
                spent, other = timed(theirs)
                times[f"DuckDB {threads}"].append(spent)
                if answer != other:
                    sys.exit(f"{name}: hdrlog says {str(answer)[:200]}, DuckDB {str(other)[:200]}")
        medians[name] = {side: statistics.median(spent) for side, spent in times.items()}
        if name in scans:
            spent = statistics.median(timed(scans[name])[0] for _ in range(3)) / rows.headers
            results[f"{name}_vs_rows"] = medians[name]["hdrlog"] / total / spent
    starts = [timed(lambda: subprocess.run([RELEASE / "hdrctl", "--version"], capture_output=True)) for _ in range(9)]
    results["start_ms"] = statistics.median(spent for spent, _ in starts) * 1000
    rows.connection.close()
    database.connection.close()
    return medians


def nfdump(store: pathlib.Path, count: int, folder: pathlib.Path) -> float:
    """Seconds that nfdump takes for the top ten sources, a header that its flows were made of."""
    capture, flows = folder / "h.pcap", folder / "flows"
    flows.mkdir()
    line = [RELEASE / "hdrctl", "export", "--format", "pcap", "--limit", str(count), "--directory", store]
    with capture.open("wb") as file:
        subprocess.run(line, check=True, stdout=file, stderr=subprocess.DEVNULL)
    subprocess.run(["nfpcapd", "-r", capture, "-l", flows, "-S", "0"], check=True, capture_output=True)
    times = [
        timed(
            lambda: subprocess.run(
                ["nfdump", "-R", flows, "-s", "srcip/bytes", "-n", "10"], check=True, capture_output=True
            )
        )
        for _ in range(5)
    ]
    return statistics.median(spent for spent, _ in times) / count


def device(folder: pathlib.Path) -> dict:
    """What reaches the device; nothing without root, who alone can mount a disk."""
    if os.geteuid() != 0:
        return {}
    found = {}
    for suffix, settings in (("", APPLIANCE), ("_default", SERVER)):
        found[f"device_mb_per_day_at_10{suffix}"] = megabytes_a_day(folder, settings)
        found[f"device_vs_stored_at_1k{suffix}"] = written_of_stored(folder, settings)
    return found


def table(medians: dict):
    print(f"{'ms':8}" + "".join(f"{side:>12}" for side in next(iter(medians.values()))) + "   of DuckDB 2")
    for name, times in medians.items():
        ratio = times["hdrlog"] / times["DuckDB 2"]
        print(f"{name:8}" + "".join(f"{spent * 1000:12.1f}" for spent in times.values()) + f"{ratio:14.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", nargs="?", type=pathlib.Path)
    parser.add_argument("--size", type=int, default=20_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--growth", default="", help="sizes to compare, such as 2000000,20000000,60000000")
    parser.add_argument("--nfdump", type=int, default=2_000_000, help="headers that nfdump's flows are made of")
    options = parser.parse_args()
    results = {}
    growth = [int(size) for size in options.growth.split(",") if size and int(size) != options.size]
    for size in sorted([*growth, options.size]):
        with tempfile.TemporaryDirectory(prefix="hdrlog-bench-") as path:
            folder = pathlib.Path(path)
            found = {}
            medians = compare(size, options.rounds, folder, found)
            print(f"\n{found['headers']:,} headers, {found['bytes_per_header']:.2f} bytes each")
            table(medians)
            results.setdefault("growth", {})[str(size)] = {
                name: {side: round(spent * 1000, 2) for side, spent in times.items()} for name, times in medians.items()
            }
            if size != options.size:
                continue
            results.update(found)
            results["first_row_ms"] = medians["first"]["hdrlog"] * 1000
            results["needle_ms"] = medians["needle"]["hdrlog"] * 1000
            for name in ("count", "top", "jsonl"):
                headers = min(LINES, found["headers"]) if name == "jsonl" else found["headers"]
                results[f"{name}_per_s"] = headers / medians[name]["hdrlog"]
            for name, times in medians.items():
                results[f"{name}_vs_duckdb"] = times["hdrlog"] / times["DuckDB 2"]
                results[f"{name}_vs_duckdb_1"] = times["hdrlog"] / times["DuckDB 1"]
            results.update(device(folder))
            if shutil.which("nfpcapd"):
                each = nfdump(folder / "store", options.nfdump, folder)
                results["top_vs_nfdump"] = medians["top"]["hdrlog"] / found["headers"] / each
    print(json.dumps({key: value for key, value in results.items() if key != "growth"}, indent=2, sort_keys=True))
    if options.results:
        options.results.parent.mkdir(exist_ok=True)
        options.results.write_text(json.dumps(results, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
