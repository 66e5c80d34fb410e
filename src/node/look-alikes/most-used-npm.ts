/**
 * The npm packages that most projects have or know, the most used first within each line: what a name invented to be mistaken
 * would be mistaken for. Written by hand; an operator's own list, `look-alike-names.txt` in the home, takes its place.
 */
export const MOST_USED_NPM: readonly string[] = `
semver debug ansi-styles chalk supports-color minimatch strip-ansi ms ansi-regex brace-expansion tslib lru-cache commander
string-width emoji-regex wrap-ansi readable-stream glob yallist source-map safe-buffer string_decoder color-convert color-name
has-flag escape-string-regexp uuid type-fest minimist balanced-match concat-map inherits once wrappy rimraf fs-extra
picomatch micromatch braces fill-range to-regex-range is-number is-glob is-extglob glob-parent fast-glob globby ignore
isexe which path-key shebang-command shebang-regex cross-spawn execa signal-exit onetime mimic-fn mimic-response npm-run-path
get-stream merge-stream human-signals strip-final-newline p-limit p-locate p-try p-map p-queue p-retry p-timeout locate-path find-up
path-exists resolve-from import-fresh parent-module callsites parse-json json-parse-even-better-errors error-ex
is-arrayish lines-and-columns cosmiconfig js-yaml argparse esprima esutils estraverse esrecurse esquery espree
acorn acorn-walk acorn-jsx eslint eslint-scope eslint-visitor-keys eslint-utils eslint-config-prettier eslint-plugin-import
eslint-plugin-react eslint-plugin-react-hooks eslint-plugin-jsx-a11y eslint-plugin-prettier eslint-plugin-jest
eslint-plugin-vue eslint-plugin-promise eslint-plugin-node eslint-plugin-unicorn eslint-config-airbnb
eslint-config-airbnb-base eslint-config-standard eslint-config-next eslint-module-utils eslint-import-resolver-node
eslint-import-resolver-typescript prettier typescript ts-node ts-loader ts-jest tsx tsup tslint typescript-eslint
@typescript-eslint/parser @typescript-eslint/eslint-plugin @typescript-eslint/utils
@types/node @types/react @types/react-dom @types/jest @types/lodash @types/express @types/estree @types/json-schema
@types/json5 @types/yargs @types/semver @types/uuid @types/mocha @types/chai @types/ws @types/cors @types/body-parser
@types/prettier @types/babel__core @types/minimatch @types/glob @types/debug @types/ms @types/jsonwebtoken
lodash lodash.merge lodash.debounce lodash.throttle lodash.get lodash.set lodash.isequal lodash.clonedeep lodash.camelcase
lodash.memoize lodash.uniq lodash.sortby lodash.isplainobject lodash.isstring lodash.includes lodash.once lodash-es
underscore ramda async bluebird q rxjs immer immutable moment moment-timezone dayjs date-fns luxon numeral
react react-dom react-is react-router react-router-dom react-redux react-native react-scripts react-select react-test-renderer
react-transition-group react-hook-form react-query react-icons react-helmet react-refresh react-dev-utils react-dropzone
react-bootstrap react-markdown react-modal react-table react-datepicker react-virtualized react-window react-spring
react-intl react-i18next react-error-boundary react-dnd react-beautiful-dnd react-toastify react-hot-loader react-popper
redux redux-thunk redux-saga redux-logger reselect recoil zustand jotai mobx mobx-react prop-types scheduler
object-assign loose-envify js-tokens hoist-non-react-statics invariant warning classnames clsx history
preact vue vue-router vuex vue-loader vue-template-compiler vue-style-loader vue-i18n pinia nuxt svelte @sveltejs/kit solid-js
angular @angular/core @angular/common @angular/compiler @angular/cli @angular/forms @angular/router @angular/animations
@angular/material @angular/cdk @angular/platform-browser zone.js backbone ember-cli jquery jquery-ui bootstrap
tailwindcss font-awesome bulma foundation-sites material-ui @mui/material @mui/icons-material @mui/system
@emotion/react @emotion/styled @emotion/cache styled-components styled-system stylis polished antd
next gatsby gatsby-link gatsby-cli @remix-run/react astro vite vitest @vitejs/plugin-react @vitejs/plugin-vue
webpack webpack-cli webpack-dev-server webpack-dev-middleware webpack-hot-middleware webpack-merge webpack-sources
webpack-bundle-analyzer html-webpack-plugin mini-css-extract-plugin css-minimizer-webpack-plugin copy-webpack-plugin
terser-webpack-plugin fork-ts-checker-webpack-plugin clean-webpack-plugin uglifyjs-webpack-plugin extract-text-webpack-plugin
babel-loader css-loader style-loader sass-loader less-loader file-loader url-loader raw-loader postcss-loader html-loader
loader-utils schema-utils loader-runner enhanced-resolve tapable watchpack memfs source-map-loader source-map-support source-map-js
rollup @rollup/pluginutils @rollup/plugin-node-resolve @rollup/plugin-commonjs @rollup/plugin-babel @rollup/plugin-json
rollup-pluginutils rollup-plugin-terser rollup-plugin-babel rollup-plugin-commonjs rollup-plugin-node-resolve
esbuild esbuild-loader @esbuild/linux-x64 swc @swc/core @swc/helpers @swc/jest parcel parcel-bundler browserify watchify
gulp gulp-util gulp-sass gulp-uglify gulp-concat gulp-rename grunt grunt-cli grunt-contrib-uglify grunt-contrib-watch
bower yeoman-generator terser uglify-js uglify-es csso cssnano clean-css html-minifier postcss postcss-value-parser
postcss-selector-parser postcss-modules-values postcss-modules-scope postcss-preset-env postcss-import postcss-nested
autoprefixer browserslist caniuse-lite electron-to-chromium node-releases update-browserslist-db nanoid picocolors
sass node-sass less stylus stylelint css-tree css-select css-what cssesc nth-check domutils domhandler domelementtype dom-serializer
htmlparser2 entities cheerio jsdom parse5 cssom cssstyle whatwg-url whatwg-fetch whatwg-mimetype webidl-conversions tr46
@babel/core @babel/cli @babel/parser @babel/types @babel/traverse @babel/generator @babel/template @babel/runtime
@babel/code-frame @babel/helpers @babel/highlight @babel/preset-env @babel/preset-react @babel/preset-typescript
@babel/helper-plugin-utils @babel/helper-module-imports @babel/helper-validator-identifier @babel/compat-data
@babel/register @babel/node @babel/polyfill @babel/eslint-parser @babel/plugin-transform-runtime
@babel/plugin-syntax-jsx @babel/plugin-proposal-class-properties @babel/plugin-proposal-object-rest-spread
babel-core babel-cli babel-runtime babel-types babel-traverse babel-generator babel-template babel-code-frame babel-helpers
babel-messages babel-register babel-polyfill babel-eslint babel-jest babel-preset-env babel-preset-react babel-preset-es2015
babel-preset-stage-0 babel-preset-jest babel-plugin-istanbul babel-plugin-transform-runtime babel-plugin-syntax-jsx
babel-plugin-macros babel-plugin-module-resolver babel-plugin-styled-components babylon regenerator-runtime core-js
core-js-compat core-js-pure regenerator-transform regexpu-core jsesc gensync convert-source-map json5
jest jest-cli jest-config jest-util jest-diff jest-mock jest-worker jest-haste-map jest-environment-jsdom jest-environment-node
jest-matcher-utils jest-message-util jest-snapshot jest-resolve jest-runtime jest-runner jest-circus jest-get-type
@jest/types @jest/core @jest/globals @jest/transform expect pretty-format diff-sequences expect-type istanbul
istanbul-lib-coverage istanbul-lib-instrument istanbul-lib-report istanbul-reports nyc v8-to-istanbul coveralls
mocha chai chai-as-promised sinon sinon-chai supertest superagent nock jasmine jasmine-core karma karma-jasmine
karma-chrome-launcher tape ava tap cypress playwright @playwright/test puppeteer puppeteer-core selenium-webdriver webdriverio
protractor nightwatch enzyme @testing-library/react @testing-library/jest-dom @testing-library/user-event @testing-library/dom
storybook @storybook/react @storybook/addon-essentials chromedriver
express body-parser cookie-parser cookie cookie-signature cors helmet morgan multer compression serve-static send finalhandler
express-session express-validator express-rate-limit connect accepts content-type content-disposition etag fresh vary type-is
media-typer mime mime-types mime-db negotiator range-parser parseurl path-to-regexp on-finished ee-first depd destroy
statuses http-errors toidentifier setprototypeof utils-merge methods merge-descriptors array-flatten encodeurl escape-html
proxy-addr forwarded ipaddr.js raw-body unpipe bytes qs querystring side-channel call-bind get-intrinsic function-bind
hasown has-symbols has-proto es-errors es-define-property object-inspect object-keys define-properties
koa koa-router koa-bodyparser hapi @hapi/hapi @hapi/joi @hapi/hoek fastify @fastify/cors @fastify/static restify polka
@nestjs/core @nestjs/common @nestjs/platform-express @nestjs/cli @nestjs/config @nestjs/swagger @nestjs/testing
http-proxy http-proxy-middleware http-proxy-agent https-proxy-agent agent-base socks socks-proxy-agent follow-redirects
request request-promise request-promise-native axios axios-retry node-fetch cross-fetch isomorphic-fetch got ky needle
undici form-data formidable busboy asynckit combined-stream delayed-stream tough-cookie tunnel-agent aws-sign2 forever-agent
oauth-sign caseless http-signature sshpk har-validator isstream json-stringify-safe extend performance-now
ws socket.io socket.io-client socket.io-parser engine.io engine.io-client sockjs sockjs-client faye-websocket isomorphic-ws
mongodb mongoose mysql mysql2 pg pg-types redis ioredis sqlite3 better-sqlite3 sequelize typeorm knex prisma @prisma/client
objection mssql oracledb couchbase nano level levelup leveldown pouchdb elasticsearch @elastic/elasticsearch cassandra-driver
drizzle-orm bson bull bullmq kafkajs amqplib mqtt nats
graphql graphql-tag graphql-tools apollo-server apollo-client apollo-link @apollo/client @apollo/server express-graphql
dataloader
jsonwebtoken jws jwa jwt-decode jose passport passport-jwt passport-local bcrypt bcryptjs crypto-js argon2 node-forge
elliptic bn.js hash.js brorand hmac-drbg asn1.js create-hash create-hmac randombytes browserify-sign sha.js md5
web3 ethers hardhat truffle bitcoinjs-lib
firebase firebase-admin firebase-tools @firebase/app aws-sdk @aws-sdk/client-s3 @aws-sdk/types @aws-sdk/client-dynamodb
aws-cdk aws-cdk-lib @google-cloud/storage googleapis google-auth-library gaxios @azure/storage-blob @azure/identity
stripe twilio nodemailer discord.js telegraf node-telegram-bot-api openai @anthropic-ai/sdk langchain
@sentry/node @sentry/browser @sentry/react newrelic dd-trace @opentelemetry/api prom-client
winston pino pino-pretty bunyan log4js loglevel npmlog signale consola roarr
yargs yargs-parser cliui y18n camelcase decamelize require-directory get-caller-file inquirer prompts enquirer ora cli-cursor
cli-spinners cli-table cli-table3 cli-width figures boxen meow minimist-options optimist nopt colors colorette kleur
ansi-colors ansi-escapes log-symbols log-update listr listr2 progress figlet update-notifier open opn clipboardy
dotenv dotenv-expand cross-env env-cmd config convict rc nconf nodemon concurrently npm-run-all pm2 forever husky
lint-staged commitizen @commitlint/cli @commitlint/config-conventional semantic-release standard-version lerna nx turbo
npm yarn pnpm node-gyp node-pre-gyp prebuild-install nan node-addon-api bindings detect-libc tar tar-fs tar-stream
chokidar anymatch readdirp normalize-path is-binary-path binary-extensions fsevents graceful-fs jsonfile universalify
mkdirp make-dir del trash tmp temp shelljs archiver adm-zip jszip yauzl yazl unzipper pako zlib
validator joi yup zod ajv ajv-keywords ajv-formats superstruct class-validator class-transformer reflect-metadata
fast-deep-equal fast-json-stable-stringify json-schema-traverse uri-js punycode deep-equal deepmerge merge-deep
camelcase-keys map-obj snake-case camel-case pascal-case param-case change-case lower-case no-case slugify pluralize
through through2 pump end-of-stream duplexify concat-stream split2 bl buffer buffer-from base64-js ieee754 isarray
core-util-is util-deprecate process-nextick-args process events util path url assert stream-browserify crypto-browserify
iconv-lite safer-buffer chardet encoding he marked markdown-it remark rehype unified highlight.js prismjs
handlebars mustache ejs pug nunjucks hbs dustjs-linkedin d3 d3-array d3-scale d3-shape chart.js echarts highcharts
three three.js pixi.js phaser leaflet mapbox-gl openlayers plotly.js fabric konva gsap animejs lottie-web swiper
video.js hls.js howler quill draft-js slate codemirror monaco-editor ace-builds tinymce ckeditor
sharp jimp canvas pngjs jpeg-js gm image-size qrcode pdfkit pdfmake pdfjs-dist xlsx exceljs csv-parse papaparse
xml2js xmlbuilder sax fast-xml-parser xmldom node-html-parser sanitize-html dompurify xss
electron electron-builder electron-packager electron-store nw cordova ionic @ionic/angular expo expo-cli
@react-native-community/cli metro hermes-engine detox react-navigation
node-cron cron cron-parser node-schedule agenda uuid-parse shortid short-uuid cuid hashids
faker @faker-js/faker chance casual event-stream eventemitter3 eventemitter2 mitt emittery
i18next i18n intl-messageformat formatjs globalize
left-pad is-odd is-even kind-of is-plain-object is-promise is-stream is-buffer is-string is-regex is-callable
is-date-object is-symbol is-typed-array which-typed-array array-includes array-union arrify flat pify
node-notifier node-uuid node-ipc node-localstorage node-cache node-modules keyv memory-cache catbox
xtend color object.assign query-string url-parse parse-url urijs recharts nprogress clipboard prompt csv-parser png-js
callsite cookies ansicolors buffers one-time trough pascalcase graphiql colord pkg-types is-regexp is-array isbuffer
@expo/cli @koa/router @koa/bodyparser @rsbuild/core @remotion/cli @storyblok/js @electron/packager @nestjsx/crud
ttypescript dtslint koa-route fastify-cors fastify-static react-vis react-rnd react-date-picker angular-material angular-cli
cli-spinner random-bytes asn1js mem-fs postcss-values-parser typescript-eslint-parser highlightjs stylish
`
  .trim()
  .split(/\s+/)
