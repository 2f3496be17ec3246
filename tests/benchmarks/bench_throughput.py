"""Megabytes of a PostgreSQL dump per CPU-second: detect, replace and verify, beside psql restoring the same dump.

The dump is synthetic and seeded: customers with nine personal columns, orders that reference them by e-mail, and
order lines without anything personal. ROWS in the environment sets the number of customers (default 100,000).
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.fix_postgres import server

HEAD = """\
-- PostgreSQL database dump
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
CREATE TABLE public.customers (id integer NOT NULL, first_name character varying(40), last_name character varying(60),
    email character varying(120), phone character varying(30), street character varying(100),
    postcode character varying(10), city character varying(60), vat_number character varying(20),
    iban character varying(40), birth_date date, created timestamp without time zone, notes text);
CREATE TABLE public.orders (id integer NOT NULL, customer_email character varying(120), order_date date, total numeric);
CREATE TABLE public.order_lines (order_id integer NOT NULL, line integer NOT NULL, product integer, price numeric);
"""
TAIL = """\
ALTER TABLE ONLY public.customers ADD CONSTRAINT customers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.customers ADD CONSTRAINT customers_email_key UNIQUE (email);
ALTER TABLE ONLY public.orders ADD CONSTRAINT orders_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.order_lines ADD CONSTRAINT order_lines_pkey PRIMARY KEY (order_id, line);
ALTER TABLE ONLY public.orders ADD CONSTRAINT orders_customer_fkey FOREIGN KEY (customer_email)
    REFERENCES public.customers (email);
-- PostgreSQL database dump complete
"""
RULES = """\
format: 1
packs: [personal]
tables:
  public.customers:
    columns: {first_name: first_name, last_name: last_name, email: email, phone: phone, street: street_address,
      postcode: postcode, city: city, vat_number: vat_number, iban: iban, birth_date: birth_date, notes: free_text}
    keep: [id, created]
  public.orders:
    columns: {customer_email: email}
    keep: [id, order_date, total]
  public.order_lines:
    keep: [order_id, line, product, price]
"""


NAMES = [f"{a}{b}" for a in ("Jan", "Pie", "Lot", "Mar", "Gre", "Luc", "Ben") for b in ("", "ke", "ne", "tje", "ard")]
LAST = [f"{a}{b}" for a in ("Jans", "Peet", "Wout", "Claes", "Goos", "Maert") for b in ("ens", "ers", "sen", "mans")]


def write_dump(path: Path, customers: int) -> None:
    """Customers, three orders each, eight order lines each."""
    draw = random.Random(7)
    with path.open("w", encoding="utf-8") as out:
        out.write(HEAD)
        columns = "first_name, last_name, email, phone, street, postcode, city, vat_number, iban, birth_date, created"
        out.write(f"COPY public.customers (id, {columns}, notes) FROM stdin;\n")
        out.writelines("\t".join(customer(n, draw)) + "\n" for n in range(customers))
        out.write("\\.\nCOPY public.orders (id, customer_email, order_date, total) FROM stdin;\n")
        mails = [email(n) for n in range(customers)]
        out.writelines(f"{n}\t{mails[n % customers]}\t2024-06-1{n % 10}\t{n % 1000}.50\n" for n in range(3 * customers))
        out.write("\\.\nCOPY public.order_lines (order_id, line, product, price) FROM stdin;\n")
        out.writelines(f"{n // 4}\t{n % 4}\t{n * 7 % 5000}\t{n % 100}.{n % 4}0\n" for n in range(8 * customers))
        out.write("\\.\n" + TAIL)


def name(n: int) -> tuple[str, str]:
    return NAMES[n % len(NAMES)], LAST[n // len(NAMES) % len(LAST)]


def email(n: int) -> str:
    first, last = name(n)
    return f"{first}.{last}{n}@firm{n % 997}-test.be".lower()


def customer(n: int, draw: random.Random) -> list[str]:
    """One line of COPY text."""
    account = draw.randrange(10**10)
    bban = f"{account:010d}{account % 97 or 97:02d}"
    base = draw.randrange(4 * 10**6, 79 * 10**5)
    return [
        str(n),
        *name(n),
        email(n),
        f"0475/{n % 100:02d}.{n // 100 % 100:02d}.11",
        f"Dorpsstraat {n % 200 + 1}",
        str(draw.randrange(1000, 9999)),
        "Gent",
        f"BE{base:08d}{97 - base % 97:02d}",
        f"BE{98 - int(bban + '111400') % 97:02d}{bban}",
        f"19{draw.randrange(40, 99)}-0{draw.randrange(1, 9)}-1{draw.randrange(9)}",
        f"2024-05-0{n % 9 + 1} 10:00:00",
        "belt terug over de factuur van vorige maand" if n % 3 else "\\N",
    ]


def cpu(command: list[str], folder: Path) -> tuple[float, float]:
    """User and system seconds of a child, and its peak memory in megabytes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, after.ru_maxrss / 1024


def main() -> None:
    """Print the table."""
    customers = int(os.environ.get("ROWS", "100000"))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        folder.chmod(0o755)
        write_dump(folder / "dump.sql", customers)
        (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
        megabytes = (folder / "dump.sql").stat().st_size / 1e6
        run, peak = cpu([sys.executable, "-m", "tests.benchmarks.stages", "dump.sql", "safe.sql", "rules.yaml"], folder)
        stages = dict(line.split() for line in (folder / "stages.txt").read_text().splitlines())
        with server() as database:
            postmaster = int((database.socket / "data" / "postmaster.pid").read_text().split()[0])
            before = tree(postmaster)
            client, _ = cpu(database.command("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "dump.sql"), folder)
            assert database.query("SELECT count(*) FROM public.order_lines") == [[str(8 * customers)]]
            time.sleep(1)  # until the server has waited for the process that served us
            restore = client + tree(postmaster) - before
    print(
        f"dump of {megabytes:.0f} MB, {customers:,} customers; CPU seconds, MB per CPU-second, ratio to psql's restore"
    )
    print(f"  psql restore (client and server) {restore:7.2f} s {megabytes / restore:7.1f}    1.0 x")
    for stage in ("detect", "replace", "verify"):
        seconds = float(stages[stage])
        print(f"  anonymizer {stage:22} {seconds:6.2f} s {megabytes / seconds:7.1f} {restore / seconds:6.1f} x")
    print(f"  whole run {run:.2f} s with start-up, peak memory {peak:.0f} MB")


def tree(postmaster: int) -> float:
    """CPU seconds of a server and of the children it has waited for."""
    fields = Path(f"/proc/{postmaster}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
