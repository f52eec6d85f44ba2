"""MyCoinDex: the HTTP API of a fictitious exchange, to try Attaché with."""
