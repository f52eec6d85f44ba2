"""From an OpenAPI description to tools, in separate stages.

read (`document`) → routes (`operations`) → what is exposed (`exposure`) → the schema that the model sees, and the map
back to the request (`parameters`, with `schemas`) → tools (`compiling`).
The request and its result are made when a tool runs: `attache.tools.request`, `attache.tools.results`.
"""
