"""MyCoinDex: an invented exchange's HTTP API, to try Attaché with."""
