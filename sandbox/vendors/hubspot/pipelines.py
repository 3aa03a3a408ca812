"""Pipelines and their stages. `metadata` holds strings only: isClosed, probability, leadState, ticketState."""

from dataclasses import dataclass, field

from sandbox.vendors.hubspot.clock import iso

SINCE = 1_500_000_000_000  # milliseconds; when a new account's pipelines were made


@dataclass
class Stage:
	id: str
	label: str
	metadata: dict[str, str] = field(default_factory=dict)


@dataclass
class Pipeline:
	id: str
	label: str
	stages: list[Stage]

	def stage(self, id: str | None) -> Stage | None:
		return next((stage for stage in self.stages if stage.id == id), None)


# of each type: its property with the pipeline, and the one with the stage
PROPERTIES = {
	"deals": ("pipeline", "dealstage"),
	"leads": ("hs_pipeline", "hs_pipeline_stage"),
	"tickets": ("hs_pipeline", "hs_pipeline_stage"),
}


def standard_pipelines() -> dict[str, list[Pipeline]]:
	"""What a new account has."""
	return {
		"deals": [
			Pipeline(
				"default",
				"Sales Pipeline",
				[
					deal_stage("appointmentscheduled", "Appointment Scheduled", "0.2"),
					deal_stage("qualifiedtobuy", "Qualified To Buy", "0.4"),
					deal_stage("presentationscheduled", "Presentation Scheduled", "0.6"),
					deal_stage("decisionmakerboughtin", "Decision Maker Bought-In", "0.8"),
					deal_stage("contractsent", "Contract Sent", "0.9"),
					deal_stage("closedwon", "Closed Won", "1.0"),
					deal_stage("closedlost", "Closed Lost", "0.0"),
				],
			)
		],
		"leads": [
			Pipeline(
				"lead-pipeline-id",
				"Lead pipeline",
				[
					Stage("new-stage-id", "New", {"leadState": "NEW"}),
					Stage("attempting-stage-id", "Attempting", {"leadState": "IN_PROGRESS"}),
					Stage("connected-stage-id", "Connected", {"leadState": "IN_PROGRESS"}),
					Stage("qualified-stage-id", "Qualified", {"leadState": "QUALIFIED"}),
					Stage("unqualified-stage-id", "Disqualified", {"leadState": "UNQUALIFIED"}),
				],
			)
		],
		"tickets": [
			Pipeline(
				"0",
				"Support Pipeline",
				[
					Stage("1", "New", {"ticketState": "OPEN", "isClosed": "false"}),
					Stage("2", "Waiting on contact", {"ticketState": "OPEN", "isClosed": "false"}),
					Stage("3", "Waiting on us", {"ticketState": "OPEN", "isClosed": "false"}),
					Stage("4", "Closed", {"ticketState": "CLOSED", "isClosed": "true"}),
				],
			)
		],
	}


def deal_stage(id: str, label: str, probability: str) -> Stage:
	closed = float(probability) in (0.0, 1.0)
	return Stage(id, label, {"isClosed": str(closed).lower(), "probability": probability})


def rendered(pipeline: Pipeline, order: int) -> dict:
	return {
		"id": pipeline.id,
		"label": pipeline.label,
		"displayOrder": order,
		"archived": False,
		"createdAt": iso(SINCE),
		"updatedAt": iso(SINCE),
		"stages": [rendered_stage(stage, place) for place, stage in enumerate(pipeline.stages)],
	}


def rendered_stage(stage: Stage, order: int) -> dict:
	return {
		"id": stage.id,
		"label": stage.label,
		"displayOrder": order,
		"metadata": dict(stage.metadata),
		"archived": False,
		"writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
		"createdAt": iso(SINCE),
		"updatedAt": iso(SINCE),
	}
