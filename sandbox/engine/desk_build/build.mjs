// Builds the Desk's bundles (`*.bundle.js`, `*.bundle.scss`) of the fork and of apps with esbuild and sass.
//
// node build.mjs OUTPUT PATHS.json     where PATHS.json is {"root": the fork, "apps": {app: its package}}
//
// Writes OUTPUT/<app>/dist/{js,css}/<name>.bundle.<hash>.{js,css} and OUTPUT/assets.json. A bundle that
// cannot be built is named and left out; the Desk needs only some of them.

import { appendFileSync, readFileSync, readdirSync, statSync, writeFileSync, existsSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

// Packages are installed in the working directory, not beside this file.
const here = createRequire(join(process.cwd(), "package.json"));
const esbuild = here("esbuild");
const sass = here("sass");
const vue = here("esbuild-plugin-vue3");

const [output, pathsFile] = process.argv.slice(2);
const { root, apps } = JSON.parse(readFileSync(pathsFile));
const modules = resolve("node_modules");

// Frappe's HTML templates: `import "./x.html"` registers a template.
const templates = {
	name: "templates",
	setup(build) {
		build.onLoad({ filter: /\.html$/ }, ({ path }) => {
			const text = readFileSync(path, "utf8").replace(/`/g, "\\`");
			const name = basename(path).split(".")[0];
			return { contents: `frappe.templates['${name}'] = \`${text}\`;`, loader: "js" };
		});
	},
};

// `~package/file` and `frappe/public/...` in SCSS; a `.css` import is taken in, not left as an import.
const importer = {
	findFileUrl(url) {
		const plain = url.replace(/^~/, "").replace(/\.css$/, "");
		for (const folder of [modules, root, ...Object.values(apps).map((app) => dirname(app))]) {
			const path = join(folder, plain);
			const inside = join(dirname(path), `_${basename(path)}`);
			const found = [path, inside].some((p) => ["", ".scss", ".css"].some((end) => existsSync(p + end)));
			if (found) return pathToFileURL(path);
		}
		return null;
	},
};
const styles = {
	name: "styles",
	setup(build) {
		build.onLoad({ filter: /\.scss$/ }, ({ path }) => {
			const { css } = sass.compile(path, {
				importers: [importer],
				loadPaths: [modules, root],
				logger: sass.Logger.silent,
				quietDeps: true,
			});
			return { contents: css, loader: "css", resolveDir: dirname(path) };
		});
		// Addresses are the web server's; what a package's style sheet points to is taken in.
		build.onResolve({ filter: /^\/assets\// }, ({ path }) => ({ path, external: true }));
		build.onResolve({ filter: /^frappe\/public\/node_modules\// }, ({ path }) => ({
			path: join(modules, path.replace("frappe/public/node_modules/", "")),
		}));
		build.onResolve({ filter: /./ }, ({ path, kind, resolveDir }) => {
			if (kind !== "url-token" || existsSync(resolve(resolveDir, path))) return null;
			return { path, external: true };
		});
	},
};

function* bundles(folder) {
	for (const name of readdirSync(folder)) {
		const path = join(folder, name);
		if (["node_modules", "dist"].includes(name)) continue;
		if (statSync(path).isDirectory()) yield* bundles(path);
		else if (/\.bundle\.(js|ts|scss|css)$/.test(name)) yield path;
	}
}

const assets = {};
const failed = [];

async function bundle(app, file) {
	const kind = [".js", ".ts"].includes(extname(file)) ? "js" : "css";
	const result = await esbuild.build({
		entryPoints: [{ in: file, out: basename(file, extname(file)) }],
		entryNames: "[name].[hash]",
		assetNames: "[name].[hash]",
		outdir: join(output, app, "dist", kind),
		bundle: true,
		minify: true,
		metafile: true,
		logLevel: "silent",
		target: ["es2017"],
		nodePaths: [modules, root, ...Object.values(apps).map((path) => dirname(path))],
		loader: { ".svg": "file", ".woff": "file", ".woff2": "file", ".ttf": "file", ".eot": "file", ".png": "file" },
		define: {
			"process.env.NODE_ENV": '"production"',
			__VUE_OPTIONS_API__: "true",
			__VUE_PROD_DEVTOOLS__: "false",
			__VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
		},
		plugins: [templates, styles, vue()],
	});
	for (const [path, made] of Object.entries(result.metafile.outputs)) {
		if (!made.entryPoint) continue;
		const name = basename(path).replace(/\.[A-Z0-9]{8}(\.\w+)$/, "$1");
		assets[name] = "/assets/" + relative(output, resolve(path));
		if (made.cssBundle) appendFileSync(path, styleTag(readFileSync(made.cssBundle, "utf8")));
	}
}

// A script brings the styles of its own Vue components along.
function styleTag(css) {
	const text = JSON.stringify(css);
	return `\n;document.head.appendChild(Object.assign(document.createElement("style"), { textContent: ${text} }));\n`;
}

for (const [app, path] of Object.entries(apps)) {
	const folder = join(path, "public");
	if (!existsSync(folder)) continue;
	for (const file of bundles(folder)) {
		try {
			await bundle(app, file);
		} catch (error) {
			failed.push(`${basename(file)}: ${(error.errors?.[0]?.text ?? error.message).split("\n")[0]}`);
		}
	}
}
writeFileSync(join(output, "assets.json"), JSON.stringify(assets, null, 1));
console.log(JSON.stringify({ built: Object.keys(assets).length, failed }));
await esbuild.stop?.();
