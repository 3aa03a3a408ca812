// Draws the description with Swagger UI. Calls made from a signed-in browser carry the session's CSRF token.
(function () {
	const place = document.getElementById("api");
	const facts = JSON.parse(place.dataset.facts);

	function prepare(request) {
		const target = new URL(request.url, window.location.href);
		if (facts.csrf_token && target.origin === window.location.origin && !request.headers.Authorization) {
			request.headers["X-Frappe-CSRF-Token"] = facts.csrf_token;
		}
		return request;
	}

	window.ui = window.SwaggerUIBundle({
		url: facts.description,
		domNode: place,
		presets: [window.SwaggerUIBundle.presets.apis],
		layout: "BaseLayout",
		deepLinking: true,
		docExpansion: "list",
		filter: true,
		validatorUrl: null,
		displayRequestDuration: true,
		// keys stay in this page's memory and are gone when it is closed
		persistAuthorization: false,
		requestInterceptor: prepare,
		oauth2RedirectUrl: window.location.origin + facts.redirect,
		onComplete: () => window.ui.initOAuth({ usePkceWithAuthorizationCodeGrant: true, scopes: "all" }),
	});
})();
