FROM python:3.11-slim-bookworm

RUN apt-get update \
    && apt-get install --yes --no-install-recommends fonts-dejavu-core graphviz \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements/base.txt requirements/
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/base.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY renderers renderers
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

# A volume takes over the owner of this folder.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin switchyard \
    && install --directory --owner switchyard --group switchyard /data
USER switchyard
VOLUME /data
ENV HOST=0.0.0.0 \
    PORT=8080 \
    PYTHONUNBUFFERED=1 \
    SWITCHYARD_DATABASE=/data/switchyard.db
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD python -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:${PORT}/healthz', timeout=4)"
CMD ["switchyard", "serve"]
