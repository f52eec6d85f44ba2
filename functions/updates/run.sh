#!/bin/sh
# The Lambda Web Adapter starts this, and passes requests on to it.
# - No access log: query strings hold messages.
# - A head of up to 1 MB, so that a message which is too long is refused in our own JSON.
# - Connections stay open longer than the adapter keeps them, or it would use one that was just closed.
export PYTHONPATH="${LAMBDA_TASK_ROOT:-.}:/opt/python${PYTHONPATH:+:$PYTHONPATH}${LAMBDA_RUNTIME_DIR:+:$LAMBDA_RUNTIME_DIR}"
exec python -m uvicorn --factory functions.updates.handler:application --host 127.0.0.1 --port "${AWS_LWA_PORT:-8080}" \
    --no-access-log --log-level warning --lifespan off --timeout-keep-alive 900 --h11-max-incomplete-event-size 1048576
