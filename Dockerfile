# Two images of one program:
#   docker build -t harness .                       for the CPU, about 0.3 GB of packages
#   docker build -t harness:cuda --target cuda .    with CUDA, about 3 GB; run it with `--gpus all`
# The workspace is the folder mounted at /work:
#   docker run --rm -v "$PWD:/work" --user "$(id -u):$(id -g)" harness demo
FROM python:3.13-slim AS base
RUN apt-get update \
    && apt-get install -y --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/harness
COPY . .
# HOME: whoever `--user` names has no home in the image, and libraries keep caches there.
ENV PATH=/opt/venv/bin:$PATH HARNESS_WORKSPACE=/work HOME=/tmp PYTHONUTF8=1
ENTRYPOINT ["harness"]

FROM base AS cuda
RUN PIP_NO_CACHE_DIR=1 python install.py --torch cuda --venv /opt/venv
WORKDIR /work

FROM base AS cpu
RUN PIP_NO_CACHE_DIR=1 python install.py --torch cpu --venv /opt/venv
WORKDIR /work
