"""The same workloads on SQLAlchemy, for scale: rows of four types loaded as what they are, and joined rows inserted.

SQLite is in memory; URLs of empty databases, as SQLAlchemy writes them, are arguments. Prints rows of the table in Markdown.
"""

import sys
import time

from sqlalchemy import ForeignKey, String, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, with_polymorphic

N_ROWS = 10_000
N_SAMPLES = 5


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    age: Mapped[int | None]
    role: Mapped[str] = mapped_column(String(64))
    __mapper_args__ = {"polymorphic_on": "role", "polymorphic_identity": "visitor"}


class Keeper(Person):
    __tablename__ = "keeper"
    id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    badge: Mapped[str] = mapped_column(String(20))
    __mapper_args__ = {"polymorphic_identity": "keeper"}


class HeadKeeper(Keeper):
    __tablename__ = "head_keeper"
    id: Mapped[int] = mapped_column(ForeignKey("keeper.id"), primary_key=True)
    budget: Mapped[int]
    __mapper_args__ = {"polymorphic_identity": "head_keeper"}


class Vet(Person):
    __tablename__ = "vet"
    id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    licence: Mapped[str] = mapped_column(String(40))
    fee: Mapped[float]
    __mapper_args__ = {"polymorphic_identity": "vet"}


def keepers(n_rows):
    return [Keeper(name=f"Keeper {i}", age=30, badge=f"badge {i}") for i in range(n_rows)]


def least(work):
    times = []
    for _ in range(N_SAMPLES):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times) * 1000


def measure(url):
    engine = create_engine(url)
    with engine.connect() as connection:
        Base.metadata.drop_all(connection)
        Base.metadata.create_all(connection)
        connection.commit()

        def insert():
            with Session(connection) as session:
                session.add_all(keepers(N_ROWS))
                session.flush()
                session.rollback()

        print(f"| {engine.name}: insert | {least(insert):.0f} |")
        n = N_ROWS // 4
        with Session(connection) as session:
            session.add_all(Person(name=f"Person {i}") for i in range(n))
            session.add_all(keepers(n))
            session.add_all(
                HeadKeeper(name=f"Head {i}", badge=f"head badge {i}", budget=i) for i in range(n)
            )
            session.add_all(
                Vet(name=f"Vet {i}", licence=f"licence {i}", fee=12.5) for i in range(n)
            )
            session.commit()

        def load():
            with Session(connection) as session:
                everybody = session.scalars(select(with_polymorphic(Person, "*"))).all()
                assert len(everybody) == N_ROWS

        print(f"| {engine.name}: polymorphic load | {least(load):.0f} |")
        Base.metadata.drop_all(connection)
        connection.commit()


for url in ["sqlite://", *sys.argv[1:]]:
    measure(url)
