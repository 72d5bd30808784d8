# httpwhy in a container; by itself the simulator:
#   docker build -t httpwhy . && docker run --rm -p 8499:8499 -p 8500:8500 httpwhy
#   docker run --rm httpwhy explain 502
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --profile dist --locked --package httpwhy

FROM debian:bookworm-slim
# Certificate authorities, for whoever probes from within.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/target/dist/httpwhy /usr/local/bin/httpwhy
USER 65534:65534
EXPOSE 8499/tcp 8500/tcp 8500/udp
ENTRYPOINT ["/usr/local/bin/httpwhy"]
# All addresses of the container: which of them is reached is decided by -p. The port mapping makes every client a remote
# one, hence the last option; without it nobody could change proxies.
CMD ["sim", "--bind", "0.0.0.0", "--port", "8499", "--https-port", "8500", "--control-from-anywhere"]
