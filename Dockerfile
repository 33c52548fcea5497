# The worker. Validated by reading only: nothing has built this file where it was written.

FROM node:20.20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Not npm ci: scripts/lib/node-modules.mjs says why.
RUN npm install --no-save
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
RUN node scripts/build.mjs

FROM node:20.20-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm install --no-save --omit=dev

FROM node:20.20-bookworm-slim
# Volumes take over the owner of the folder that they cover when they are new.
RUN groupadd --gid 10001 lifeboat \
    && useradd --uid 10001 --gid lifeboat --home-dir /var/lib/lifeboat --shell /usr/sbin/nologin lifeboat \
    && install -d -o lifeboat -g lifeboat -m 0700 /var/lib/lifeboat /mailboxes
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
COPY bin bin
COPY scripts scripts
ENV NODE_ENV=production LIFEBOAT_STATE_DIR=/var/lib/lifeboat LIFEBOAT_LOCK_DIR=/var/lib/lifeboat/locks
USER lifeboat
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 CMD ["node", "scripts/healthcheck.mjs"]
CMD ["node", "bin/lifeboat", "worker"]
