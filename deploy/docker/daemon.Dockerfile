# The `goldwire` program: daemon and command line. Also, as another stage, the demo's own services.
#
#   docker build -f deploy/docker/daemon.Dockerfile --target daemon .
FROM rust:1.95-bookworm AS build
# bpf-linker links the probes with LLVM; the probes need the sources of `core`.
RUN apt-get update -q \
 && apt-get install -q -y --no-install-recommends \
      llvm-22-dev libpolly-22-dev libzstd-dev zlib1g-dev libxml2-dev rustc-web cargo-web rust-web-src \
 && rm -rf /var/lib/apt/lists/*
RUN LLVM_PREFIX=/usr/lib/llvm-22 cargo install bpf-linker --version 0.13.0 --locked \
      --no-default-features --features llvm-22
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/source/target \
    cargo build --release --locked -p goldwire -p goldwire-demo \
 && install -D -t /built target/release/goldwire target/release/goldwire-demo

FROM debian:bookworm-slim AS daemon
COPY --from=build /built/goldwire /usr/local/bin/goldwire
ENTRYPOINT ["goldwire"]
CMD ["daemon"]

FROM debian:bookworm-slim AS demo
COPY --from=build /built/goldwire-demo /usr/local/bin/goldwire-demo
ENTRYPOINT ["goldwire-demo"]
