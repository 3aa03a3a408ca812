"""HubSpot's own object types, with the properties that matter here, under HubSpot's names.

A line is `name | label | type | further`; `further` is options (`value=Label, ...`), `@owners` and the like for
options kept elsewhere, `ro` for what only HubSpot writes, `area` for a text area. A `*` before the name makes it
unique. The list of industries is HubSpot's.
"""

from sandbox.vendors.hubspot.model import ObjectType, Option, Property

LIFECYCLE = "subscriber=Subscriber, lead=Lead, marketingqualifiedlead=Marketing Qualified Lead, salesqualifiedlead=Sales Qualified Lead, opportunity=Opportunity, customer=Customer, evangelist=Evangelist, other=Other"
LEAD_STATUS = "NEW=New, OPEN=Open, IN_PROGRESS=In Progress, OPEN_DEAL=Open Deal, UNQUALIFIED=Unqualified, ATTEMPTED_TO_CONTACT=Attempted to Contact, CONNECTED=Connected, BAD_TIMING=Bad Timing"
LEGAL_BASIS = "Legitimate interest – prospect/lead=Legitimate interest – prospect/lead, Legitimate interest – existing customer=Legitimate interest – existing customer, Legitimate interest - other=Legitimate interest - other, Performance of a contract=Performance of a contract, Freely given consent from contact=Freely given consent from contact, Not applicable=Not applicable"
INDUSTRIES = """ACCOUNTING AIRLINES_AVIATION ALTERNATIVE_DISPUTE_RESOLUTION ALTERNATIVE_MEDICINE ANIMATION APPAREL_FASHION
ARCHITECTURE_PLANNING ARTS_AND_CRAFTS AUTOMOTIVE AVIATION_AEROSPACE BANKING BIOTECHNOLOGY BROADCAST_MEDIA
BUILDING_MATERIALS BUSINESS_SUPPLIES_AND_EQUIPMENT CAPITAL_MARKETS CHEMICALS CIVIC_SOCIAL_ORGANIZATION
CIVIL_ENGINEERING COMMERCIAL_REAL_ESTATE COMPUTER_NETWORK_SECURITY COMPUTER_GAMES COMPUTER_HARDWARE
COMPUTER_NETWORKING COMPUTER_SOFTWARE INTERNET CONSTRUCTION CONSUMER_ELECTRONICS CONSUMER_GOODS CONSUMER_SERVICES
COSMETICS DAIRY DEFENSE_SPACE DESIGN EDUCATION_MANAGEMENT E_LEARNING ELECTRICAL_ELECTRONIC_MANUFACTURING
ENTERTAINMENT ENVIRONMENTAL_SERVICES EVENTS_SERVICES EXECUTIVE_OFFICE FACILITIES_SERVICES FARMING
FINANCIAL_SERVICES FINE_ART FISHERY FOOD_BEVERAGES FOOD_PRODUCTION FUND_RAISING FURNITURE GAMBLING_CASINOS
GLASS_CERAMICS_CONCRETE GOVERNMENT_ADMINISTRATION GOVERNMENT_RELATIONS GRAPHIC_DESIGN HEALTH_WELLNESS_AND_FITNESS
HIGHER_EDUCATION HOSPITAL_HEALTH_CARE HOSPITALITY HUMAN_RESOURCES IMPORT_AND_EXPORT INDIVIDUAL_FAMILY_SERVICES
INDUSTRIAL_AUTOMATION INFORMATION_SERVICES INFORMATION_TECHNOLOGY_AND_SERVICES INSURANCE INTERNATIONAL_AFFAIRS
INTERNATIONAL_TRADE_AND_DEVELOPMENT INVESTMENT_BANKING INVESTMENT_MANAGEMENT JUDICIARY LAW_ENFORCEMENT
LAW_PRACTICE LEGAL_SERVICES LEGISLATIVE_OFFICE LEISURE_TRAVEL_TOURISM LIBRARIES LOGISTICS_AND_SUPPLY_CHAIN
LUXURY_GOODS_JEWELRY MACHINERY MANAGEMENT_CONSULTING MARITIME MARKET_RESEARCH MARKETING_AND_ADVERTISING
MECHANICAL_OR_INDUSTRIAL_ENGINEERING MEDIA_PRODUCTION MEDICAL_DEVICES MEDICAL_PRACTICE MENTAL_HEALTH_CARE MILITARY
MINING_METALS MOTION_PICTURES_AND_FILM MUSEUMS_AND_INSTITUTIONS MUSIC NANOTECHNOLOGY NEWSPAPERS
NON_PROFIT_ORGANIZATION_MANAGEMENT OIL_ENERGY ONLINE_MEDIA OUTSOURCING_OFFSHORING PACKAGE_FREIGHT_DELIVERY
PACKAGING_AND_CONTAINERS PAPER_FOREST_PRODUCTS PERFORMING_ARTS PHARMACEUTICALS PHILANTHROPY PHOTOGRAPHY PLASTICS
POLITICAL_ORGANIZATION PRIMARY_SECONDARY_EDUCATION PRINTING PROFESSIONAL_TRAINING_COACHING PROGRAM_DEVELOPMENT
PUBLIC_POLICY PUBLIC_RELATIONS_AND_COMMUNICATIONS PUBLIC_SAFETY PUBLISHING RAILROAD_MANUFACTURE RANCHING
REAL_ESTATE RECREATIONAL_FACILITIES_AND_SERVICES RELIGIOUS_INSTITUTIONS RENEWABLES_ENVIRONMENT RESEARCH
RESTAURANTS RETAIL SECURITY_AND_INVESTIGATIONS SEMICONDUCTORS SHIPBUILDING SPORTING_GOODS SPORTS
STAFFING_AND_RECRUITING SUPERMARKETS TELECOMMUNICATIONS TEXTILES THINK_TANKS TOBACCO TRANSLATION_AND_LOCALIZATION
TRANSPORTATION_TRUCKING_RAILROAD UTILITIES VENTURE_CAPITAL_PRIVATE_EQUITY VETERINARY WAREHOUSING WHOLESALE
WINE_AND_SPIRITS WIRELESS WRITING_AND_EDITING MOBILE_GAMES"""
INDUSTRY = ", ".join(f"{name}={name.replace('_', ' ').title()}" for name in INDUSTRIES.split())

ALL = """
hs_object_id | Record ID | number | ro
hs_merged_object_ids | Merged Record IDs | checkboxes | ro
hs_object_source | Record creation source | string | ro
hs_object_source_id | Record creation source ID | string | ro
hubspot_owner_id | Owner | enumeration | @owners
hs_created_by_user_id | Created by user ID | number | ro
"""

CONTACTS = f"""
email | Email | string |
hs_additional_emails | Additional email addresses | checkboxes | ro
hs_email_domain | Email Domain | string | ro
firstname | First Name | string |
lastname | Last Name | string |
salutation | Salutation | string |
jobtitle | Job Title | string |
company | Company Name | string |
website | Website URL | string |
phone | Phone Number | string |
mobilephone | Mobile Phone Number | string |
fax | Fax Number | string |
hs_whatsapp_phone_number | WhatsApp Phone Number | string |
hs_searchable_calculated_phone_number | Calculated Phone Number without country code | string | ro
hs_searchable_calculated_mobile_number | Calculated Mobile Number without country code | string | ro
address | Street Address | string |
city | City | string |
state | State/Region | string |
zip | Postal Code | string |
country | Country/Region | string |
hs_language | Preferred language | enumeration | en=English, de=German, fr=French, es=Spanish, hi=Hindi, ja=Japanese, ar=Arabic
date_of_birth | Date of birth | string |
gender | Gender | string |
industry | Industry | string |
annualrevenue | Annual Revenue | string |
message | Message | string | area
lifecyclestage | Lifecycle Stage | enumeration | {LIFECYCLE}
hs_lead_status | Lead Status | enumeration | {LEAD_STATUS}
hs_legal_basis | Legal basis for processing contact's data | checkboxes | {LEGAL_BASIS}
hs_email_optout | Unsubscribed from all email | bool | ro
hs_marketable_status | Marketing contact status | enumeration | ro
associatedcompanyid | Primary Associated Company ID | number |
num_associated_deals | Number of Associated Deals | number | ro
notes_last_updated | Last Activity Date | datetime | ro
hs_linkedin_url | LinkedIn URL | string |
twitterhandle | Twitter Username | string |
createdate | Create Date | datetime | ro
lastmodifieddate | Last Modified Date | datetime | ro
"""

COMPANIES = f"""
name | Company name | string |
domain | Company Domain Name | string |
hs_additional_domains | Additional Domains | checkboxes | ro
website | Website URL | string |
phone | Phone Number | string |
hs_searchable_calculated_phone_number | Calculated Phone Number without country code | string | ro
address | Street Address | string |
address2 | Street Address 2 | string |
city | City | string |
state | State/Region | string |
zip | Postal Code | string |
country | Country/Region | string |
timezone | Time Zone | string |
industry | Industry | enumeration | {INDUSTRY}
type | Type | enumeration | PROSPECT=Prospect, PARTNER=Partner, RESELLER=Reseller, VENDOR=Vendor, OTHER=Other
numberofemployees | Number of Employees | number |
annualrevenue | Annual Revenue | number |
founded_year | Year Founded | string |
is_public | Is Public | bool |
description | Description | string | area
about_us | About Us | string | area
lifecyclestage | Lifecycle Stage | enumeration | {LIFECYCLE}
hs_lead_status | Lead Status | enumeration | {LEAD_STATUS}
hs_parent_company_id | Parent Company | number | ro
num_associated_contacts | Number of Associated Contacts | number | ro
num_associated_deals | Number of Associated Deals | number | ro
linkedin_company_page | LinkedIn Company Page | string |
facebook_company_page | Facebook Company Page | string |
twitterhandle | Twitter Handle | string |
createdate | Create Date | datetime | ro
hs_lastmodifieddate | Last Modified Date | datetime | ro
"""

DEALS = """
dealname | Deal Name | string |
amount | Amount | number |
deal_currency_code | Currency | enumeration | @currencies
amount_in_home_currency | Amount in company currency | number | ro
pipeline | Pipeline | enumeration | @pipelines
dealstage | Deal Stage | enumeration | @stages
dealtype | Deal Type | enumeration | newbusiness=New Business, existingbusiness=Existing Business
closedate | Close Date | datetime |
description | Deal Description | string | area
hs_priority | Priority | enumeration | low=Low, medium=Medium, high=High
hs_next_step | Next step | string |
closed_lost_reason | Closed Lost Reason | string | area
closed_won_reason | Closed Won Reason | string | area
hs_deal_stage_probability | Deal probability | number | ro
hs_forecast_amount | Forecast amount | number |
hs_is_closed | Is Deal Closed? | bool | ro
hs_is_closed_won | Is Closed Won | bool | ro
hs_is_closed_lost | Is Closed Lost | bool | ro
num_associated_contacts | Number of Associated Contacts | number | ro
createdate | Create Date | datetime |
hs_lastmodifieddate | Last Modified Date | datetime | ro
"""

LEADS = """
hs_lead_name | Lead Name | string |
hs_lead_type | Lead Type | enumeration | NEW BUSINESS=New business, RE-ATTEMPTING=Re-attempting, UPSELL=Upsell
hs_lead_label | Lead Label | enumeration | HOT=Hot, WARM=Warm, COLD=Cold
hs_pipeline | Lead Pipeline | enumeration | @pipelines
hs_pipeline_stage | Lead Stage | enumeration | @stages
hs_lead_disqualification_note | Disqualification note | string | area
hs_associated_contact_email | Associated Contact Email | string | ro
hs_associated_contact_firstname | Associated Contact First Name | string | ro
hs_associated_contact_lastname | Associated Contact Last Name | string | ro
hs_associated_company_name | Associated Company Name | string | ro
hs_primary_contact_id | Primary Contact ID | number | ro
hs_createdate | Create Date | datetime | ro
hs_lastmodifieddate | Last Modified Date | datetime | ro
"""

TICKETS = """
subject | Ticket name | string |
content | Ticket description | string | area
hs_pipeline | Pipeline | enumeration | @pipelines
hs_pipeline_stage | Ticket status | enumeration | @stages
hs_ticket_priority | Priority | enumeration | LOW=Low, MEDIUM=Medium, HIGH=High, URGENT=Urgent
createdate | Create date | datetime |
hs_lastmodifieddate | Last modified date | datetime | ro
"""

PRODUCTS = """
name | Name | string |
description | Product description | string | area
price | Unit price | number |
hs_sku | SKU | string |
hs_cost_of_goods_sold | Unit cost | number |
createdate | Create Date | datetime | ro
hs_lastmodifieddate | Last Modified Date | datetime | ro
"""

LINE_ITEMS = """
name | Name | string |
description | Description | string | area
price | Unit price | number |
quantity | Quantity | number |
amount | Net price | number | ro
hs_sku | SKU | string |
hs_product_id | Product ID | number |
hs_line_item_currency_code | Currency | enumeration | @currencies
createdate | Create Date | datetime | ro
hs_lastmodifieddate | Last Modified Date | datetime | ro
"""

ENGAGEMENT = """
hs_timestamp | Activity date | datetime |
hs_attachment_ids | Attached file IDs | checkboxes |
hs_createdate | Create date | datetime | ro
hs_lastmodifieddate | Last modified date | datetime | ro
"""
NOTES = "hs_note_body | Note body | string | area" + ENGAGEMENT
EMAILS = f"""
hs_email_subject | Email subject | string |
hs_email_text | Text body | string | area
hs_email_html | Html body | string | area
hs_email_direction | Email direction | enumeration | EMAIL=Email, INCOMING_EMAIL=Incoming Email, FORWARDED_EMAIL=Forwarded Email
hs_email_status | Email send status | enumeration | BOUNCED=Bounced, FAILED=Failed, SCHEDULED=Scheduled, SENDING=Sending, SENT=Sent
hs_email_headers | Email headers | string | area
hs_email_from_email | Email from address | string | ro
hs_email_to_email | Email to address | string | ro
{ENGAGEMENT}"""
CALLS = f"""
hs_call_title | Call Title | string |
hs_call_body | Call notes | string | area
hs_call_duration | Call duration | number |
hs_call_direction | Call direction | enumeration | INBOUND=Inbound, OUTBOUND=Outbound
hs_call_status | Call status | enumeration | BUSY=Busy, CALLING_CRM_USER=Calling CRM User, CANCELED=Canceled, COMPLETED=Completed, CONNECTING=Connecting, FAILED=Failed, IN_PROGRESS=In Progress, MISSED=Missed, NO_ANSWER=No Answer, QUEUED=Queued, RINGING=Ringing
hs_call_disposition | Call outcome | string |
hs_call_from_number | From Number | string |
hs_call_to_number | To Number | string |
hs_call_recording_url | Recording URL | string |
{ENGAGEMENT}"""
MEETINGS = f"""
hs_meeting_title | Meeting name | string |
hs_meeting_body | Meeting description | string | area
hs_internal_meeting_notes | Internal meeting notes | string | area
hs_meeting_location | Meeting location | string |
hs_meeting_external_url | External Url | string |
hs_meeting_start_time | Meeting start time | datetime |
hs_meeting_end_time | Meeting end time | datetime |
hs_meeting_outcome | Meeting outcome | enumeration | SCHEDULED=Scheduled, COMPLETED=Completed, RESCHEDULED=Rescheduled, NO_SHOW=No show, CANCELED=Canceled
{ENGAGEMENT}"""
TASKS = f"""
hs_task_subject | Task Title | string |
hs_task_body | Task Notes | string | area
hs_task_status | Task Status | enumeration | NOT_STARTED=Not started, IN_PROGRESS=In progress, WAITING=Waiting, COMPLETED=Completed, DEFERRED=Deferred
hs_task_priority | Priority | enumeration | NONE=None, LOW=Low, MEDIUM=Medium, HIGH=High
hs_task_type | Task Type | enumeration | EMAIL=Email, CALL=Call, TODO=To-do, LINKED_IN=LinkedIn
{ENGAGEMENT}"""


def standard_types() -> list[ObjectType]:
	"""New object types; each portal has its own, for it may add properties."""
	dated, stamped = ("createdate", "hs_lastmodifieddate"), ("hs_createdate", "hs_lastmodifieddate")
	types = [
		_type(
			"0-1 contacts contact contactinformation",
			("createdate", "lastmodifieddate"),
			"email firstname lastname",
			CONTACTS,
			one_of=("email", "firstname", "lastname"),
		),
		_type(
			"0-2 companies company companyinformation",
			dated,
			"name domain",
			COMPANIES,
			one_of=("name", "domain"),
		),
		_type(
			"0-3 deals deal dealinformation",
			dated,
			"amount closedate dealname dealstage pipeline",
			DEALS,
			required=("dealname", "dealstage"),
		),
		_type("0-136 leads lead leadinformation", stamped, "", LEADS, required=("hs_lead_name",)),
		_type(
			"0-5 tickets ticket ticketinformation",
			dated,
			"subject content hs_pipeline hs_pipeline_stage hs_ticket_priority",
			TICKETS,
			required=("hs_pipeline_stage",),
		),
		_type("0-7 products product productinformation", dated, "name description price", PRODUCTS),
		_type(
			"0-8 line_items line_item lineiteminformation", dated, "name price quantity amount", LINE_ITEMS
		),
	]
	for name, lines in (
		("0-46 notes note", NOTES),
		("0-49 emails email", EMAILS),
		("0-48 calls call", CALLS),
		("0-47 meetings meeting", MEETINGS),
		("0-27 tasks task", TASKS),
	):
		types.append(_type(f"{name} engagement", stamped, "", lines, required=("hs_timestamp",)))
	return types


def _type(names: str, dates: tuple[str, str], shown: str, lines: str, **rules) -> ObjectType:
	id, name, singular, group = names.split()
	created, modified = dates
	shown = (*shown.split(), created, modified, "hs_object_id")
	type = ObjectType(id, name, singular, created, modified, shown, **rules)
	type.groups = {group: group.replace("information", " information").capitalize()}
	for line in (lines + ALL).strip().splitlines():
		if line.strip():
			known = _property(line, group)
			type.properties[known.name] = known
	return type


def _property(line: str, group: str) -> Property:
	name, label, kind, further = (part.strip() for part in line.split("|"))
	known = Property(name, label, group=group)
	known.type, known.field_type = {
		"string": ("string", "textarea" if further == "area" else "text"),
		"number": ("number", "number"),
		"date": ("date", "date"),
		"datetime": ("datetime", "date"),
		"bool": ("bool", "booleancheckbox"),
		"enumeration": ("enumeration", "select"),
		"checkboxes": ("enumeration", "checkbox"),
	}[kind]
	known.read_only = further == "ro"
	if further.startswith("@"):
		known.options_of = further[1:]
	elif "=" in further:
		pairs = [pair.split("=") for pair in further.split(", ")]
		known.options = [Option(value, text, order) for order, (value, text) in enumerate(pairs)]
	elif known.type == "bool":
		known.options = [Option("true", "True", 0), Option("false", "False", 1)]
	return known
