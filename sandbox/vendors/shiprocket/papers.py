"""Labels and manifests: the smallest PDF that a reader opens, with a line of text."""


def pdf(text: str) -> bytes:
	words = text.replace("\\", "").replace("(", "").replace(")", "")
	stream = f"BT /F1 12 Tf 20 120 Td ({words}) Tj ET".encode()
	objects = (
		b"<</Type/Catalog/Pages 2 0 R>>",
		b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 288 144]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
		b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
		b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
	)
	body, places = b"%PDF-1.4\n", []
	for number, one in enumerate(objects, start=1):
		places.append(len(body))
		body += b"%d 0 obj%s endobj\n" % (number, one)
	start = len(body)
	body += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
	return body + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start
