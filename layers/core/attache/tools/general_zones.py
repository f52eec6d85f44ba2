"""The current time in a place: IANA zones, and other names that people use for them."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from attache.errors import BadInput

MAX_LISTED = 12
_OFFSET = re.compile(r"(?:utc|gmt)?\s*([+-])(\d{1,2})(?::?([0-5]\d))?", re.IGNORECASE | re.ASCII)
_MAX_OFFSET = timedelta(hours=14)
_NO_PLACES = frozenset({"Factory", "localtime", "posixrules"})

# What neither a zone's name nor its country's says; abbreviations as most of those who write them mean them.
_ALSO = {
    "America/Chicago": "ct, cst, cdt, central, dallas, houston, austin, new orleans, minneapolis, texas",
    "America/Denver": "mt, mdt, mountain, salt lake city, colorado",
    "America/Los_Angeles": "pt, pst, pdt, pacific, california, san francisco, seattle, san diego, las vegas",
    "America/New_York": "et, edt, eastern, nyc, new york city, boston, washington, washington dc, miami, atlanta",
    "America/Sao_Paulo": "brt, rio de janeiro, brasilia",
    "America/Toronto": "montreal, ottawa",
    "Asia/Dubai": "abu dhabi, uae",
    "Asia/Ho_Chi_Minh": "saigon, hanoi",
    "Asia/Hong_Kong": "hkt",
    "Asia/Jerusalem": "tel aviv",
    "Asia/Kolkata": "ist, mumbai, delhi, new delhi, bangalore, bengaluru, chennai, hyderabad",
    "Asia/Seoul": "kst, korea, south korea",
    "Asia/Shanghai": "china, beijing, shenzhen, guangzhou",
    "Asia/Singapore": "sgt",
    "Asia/Tokyo": "jst, osaka, kyoto",
    "Australia/Sydney": "aest, aedt, canberra",
    "Europe/Amsterdam": "holland, the hague, rotterdam",
    "Europe/Berlin": "cest, central european, germany, munich, frankfurt, hamburg, cologne",
    "Europe/Istanbul": "ankara",
    "Europe/Kyiv": "kiev, ukraine",
    "Europe/London": "bst, uk, united kingdom, great britain, england, scotland, wales, edinburgh, manchester",
    "Europe/Madrid": "barcelona, spain",
    "Europe/Moscow": "msk, saint petersburg",
    "Europe/Rome": "milan",
    "Europe/Zurich": "geneva, bern, basel",
    "Pacific/Auckland": "nzst, nzdt, wellington, new zealand",
    "UTC": "z, coordinated universal",
}


def current_time(place: str, at: int) -> dict[str, Any]:
    """`{"zone", "time", "weekday", "utc_offset", "abbreviation"}` in a place, at `at` milliseconds since 1970.

    A place is an IANA zone, a city, a country with one zone, an abbreviation or an offset. Raises BadInput with advice.
    """
    zone = _zone(place)
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone(zone)
    return {
        "zone": str(zone),
        "time": local.isoformat(timespec="seconds"),
        "weekday": local.strftime("%A"),
        "utc_offset": local.strftime("%z")[:3] + ":" + local.strftime("%z")[3:5],
        "abbreviation": local.tzname(),
    }


def _zone(place: str) -> tzinfo:
    known = _names()
    for name in (place.strip().lower(), _plain(place), _plain(place.partition(",")[0])):
        if name in known:
            return ZoneInfo(known[name])
    offset = _OFFSET.fullmatch(place.strip())
    return _fixed(offset) if offset else _unknown(place)


def _fixed(offset: re.Match[str]) -> tzinfo:
    ahead = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
    if ahead > _MAX_OFFSET:
        raise BadInput("Offsets from UTC go from -14:00 to +14:00.")
    return timezone(ahead if offset[1] == "+" else -ahead)


def _unknown(place: str) -> tzinfo:
    zones = [zone for zone in _countries().get(_plain(place), ()) if zone.count("/") == 1]  # not Indiana's eight
    if zones:
        more = f" and {len(zones) - MAX_LISTED} more" if len(zones) > MAX_LISTED else ""
        raise BadInput(f"{place.strip()} has several time zones; say which: {', '.join(zones[:MAX_LISTED])}{more}.")
    names = _names()
    close = dict.fromkeys(names[name] for name in get_close_matches(_plain(place)[:60], names, n=5, cutoff=0.7))
    meant = f"Did you mean {', '.join(close)}? " if close else ""
    raise BadInput(f"No such time zone. {meant}Send an IANA name such as Europe/Paris, of the nearest large city.")


@cache
def _names() -> Mapping[str, str]:
    """Every name that means one zone: plain names, and IANA's own in lower case (`etc/gmt-5` is not `etc/gmt+5`)."""
    zones = sorted(available_timezones() - _NO_PLACES)
    names = {_plain(zone): zone for zone in zones if not zone.startswith("Etc/")}
    names |= {country: zones[0] for country, zones in _countries().items() if len(zones) == 1}
    names |= {_plain(zone.rpartition("/")[2]): zone for zones in _countries().values() for zone in zones}
    names |= {name: zone for zone, also in _ALSO.items() for name in also.split(", ")}
    return names | {zone.lower(): zone for zone in zones}


@cache
def _countries() -> Mapping[str, list[str]]:
    """The zones of each country, by its plain name."""
    countries = {row[0]: _plain(row[1]) for row in _rows("iso3166.tab")}
    zones = defaultdict(list)
    for code, _, zone, *_ in _rows("zone.tab"):
        zones[countries[code]].append(zone)
    return {**zones, "usa": zones["united states"], "us": zones["united states"]}


def _rows(table: str) -> list[list[str]]:
    text = resources.files("tzdata").joinpath("zoneinfo", table).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


def _plain(name: str) -> str:
    """`São Paulo`, `sao_paulo` and `Sao Paulo time` are `sao paulo`."""
    letters = (letter for letter in unicodedata.normalize("NFKD", name[:200]) if not unicodedata.combining(letter))
    words = re.sub(r"[\s_/.,-]+", " ", "".join(letters).replace("'", "")).strip().lower()
    return re.sub(r" (standard |daylight |summer )?time( ?zone)?$", "", words)
