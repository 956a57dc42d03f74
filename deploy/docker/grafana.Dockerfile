# Grafana with the plugin, its data source and its dashboards.
#
#   docker build -f deploy/docker/grafana.Dockerfile .
FROM node:22-bookworm AS frontend
WORKDIR /source/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY frontend .
COPY provisioning ../provisioning
RUN npm run build

# Grafana's images are Alpine, so the plugin's program is linked statically with musl.
FROM rust:1.95-bookworm AS backend
RUN apt-get update -q && apt-get install -q -y --no-install-recommends musl-tools && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
ARG TARGETARCH=amd64
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/source/target \
    case "$TARGETARCH" in amd64) cpu=x86_64 ;; arm64) cpu=aarch64 ;; *) exit 1 ;; esac \
 && rustup target add "$cpu-unknown-linux-musl" \
 && cargo build --release --locked -p gpx_goldwire --target "$cpu-unknown-linux-musl" \
 && install -D -m 0755 "target/$cpu-unknown-linux-musl/release/gpx_goldwire" "/built/gpx_goldwire_linux_$TARGETARCH"

FROM grafana/grafana:12.4.10
# Not below /var/lib/grafana: that is a volume for most, and would hide the plugin.
ENV GF_PATHS_PLUGINS=/usr/share/goldwire/plugins \
    GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS=goldwire-goldwire-datasource
COPY --from=frontend /source/frontend/dist /usr/share/goldwire/plugins/goldwire-goldwire-datasource
COPY --from=backend /built /usr/share/goldwire/plugins/goldwire-goldwire-datasource
COPY provisioning /etc/grafana/provisioning
