"""From an OpenAPI description to tools, in stages that can be looked at one by one.

read (`document`) → our route (`operations`) → what is exposed (`exposure`) → the schema that the model sees with the
map back (`parameters`, with `schemas`) → tools (`compiling`). The request and the shaped result are made when a
tool runs: `attache.tools.request`, `attache.tools.results`.
"""
