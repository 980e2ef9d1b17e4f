# One image for the API, the worker, the sandbox gateway and the one-shot migration. The command decides which one
# runs.
FROM node:24-bookworm-slim AS base
WORKDIR /app

FROM base AS build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY sandbox sandbox
COPY demo demo
COPY audit audit
COPY scripts/copyLua.mjs scripts/copyLua.mjs
RUN npm run build

FROM base AS dependencies
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM base
# The heap limits are those of src/launcher/processes/service.ts. The limit of the API is in docker-compose.yml.
ENV NODE_ENV=production HOST=0.0.0.0 NODE_OPTIONS="--max-old-space-size=256 --max-semi-space-size=4"
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY demo/plans demo/plans
COPY package.json package-lock.json LICENSE ./
# The book of the sandbox gateway. No other process writes to disk.
RUN mkdir /data && chown node:node /data
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/src/api/main.js"]
