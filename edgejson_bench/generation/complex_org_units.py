"""Departments, their teams, roles with the skills that go with them, and projects. Vocabulary only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Team:
    """A team that its department could have."""

    name: str
    focus: tuple[str, ...]
    roles: tuple[tuple[str, tuple[str, ...]], ...]
    """(role, skills of people in it)"""
    projects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """A department."""

    code: str
    name: str
    head_title: str
    teams: tuple[Team, ...]


UNITS = (
    Unit("ENG", "Engineering", "VP of Engineering", (
        Team("Platform", ("service reliability", "developer tooling", "cloud cost"),
             (("Site Reliability Engineer", ("Kubernetes", "Terraform", "Go", "Prometheus")),
              ("Platform Engineer", ("Python", "PostgreSQL", "Linux", "CI pipelines"))),
             ("Cluster Upgrade", "Deploy Pipeline Rewrite", "Log Retention")),
        Team("Web Applications", ("checkout flow", "accessibility", "page speed"),
             (("Frontend Developer", ("TypeScript", "React", "CSS", "Web accessibility")),
              ("Backend Developer", ("Java", "Spring Boot", "REST APIs", "Kafka"))),
             ("Checkout Redesign", "Account Portal", "Search Relevance")),
        Team("Quality Assurance", ("test automation", "release readiness"),
             (("QA Engineer", ("Selenium", "Test planning", "Python", "Playwright")),
              ("Test Lead", ("Risk analysis", "Release management", "JMeter"))),
             ("Regression Suite", "Mobile Test Lab")),
    )),
    Unit("FIN", "Finance", "Chief Financial Officer", (
        Team("Accounting", ("month-end close", "audit support", "payables"),
             (("Senior Accountant", ("GAAP", "Reconciliation", "Excel", "NetSuite")),
              ("Accounts Payable Specialist", ("Invoice matching", "Vendor management", "SAP"))),
             ("Faster Close", "Vendor Portal")),
        Team("Financial Planning", ("budgeting", "forecasting", "headcount planning"),
             (("Financial Analyst", ("Financial modeling", "SQL", "Power BI", "Excel")),
              ("FP&A Manager", ("Forecasting", "Board reporting", "Scenario planning"))),
             ("Annual Budget", "Rolling Forecast")),
    )),
    Unit("HR", "Human Resources", "Chief People Officer", (
        Team("Talent Acquisition", ("campus hiring", "employer brand", "interview training"),
             (("Recruiter", ("Sourcing", "Interviewing", "Greenhouse ATS", "Negotiation")),
              ("Recruiting Coordinator", ("Scheduling", "Candidate communication", "Workday"))),
             ("Graduate Program", "Referral Bonus Refresh")),
        Team("People Operations", ("benefits", "onboarding", "payroll"),
             (("HR Generalist", ("Employee relations", "Onboarding", "Labor law basics")),
              ("Benefits Specialist", ("Open enrollment", "Leave administration", "ADP"))),
             ("Onboarding Portal", "Benefits Renewal")),
    )),
    Unit("MKT", "Marketing", "Chief Marketing Officer", (
        Team("Demand Generation", ("paid search", "lead scoring", "webinars"),
             (("Growth Marketer", ("Google Ads", "A/B testing", "HubSpot", "SQL")),
              ("Marketing Analyst", ("Attribution modeling", "Tableau", "Google Analytics"))),
             ("Spring Campaign", "Lead Scoring Model", "Webinar Series")),
        Team("Content and Brand", ("editorial calendar", "brand guidelines"),
             (("Content Strategist", ("Copywriting", "SEO", "Editorial planning")),
              ("Brand Designer", ("Figma", "Illustration", "Typography"))),
             ("Website Refresh", "Customer Stories")),
    )),
    Unit("OPS", "Operations", "Director of Operations", (
        Team("Warehouse", ("pick accuracy", "inventory counts", "safety"),
             (("Shift Supervisor", ("Forklift certified", "Staff scheduling", "Lean methods")),
              ("Inventory Analyst", ("Cycle counting", "Excel", "Demand planning", "WMS"))),
             ("Slotting Overhaul", "Barcode Rollout")),
        Team("Procurement", ("supplier contracts", "lead times", "cost savings"),
             (("Buyer", ("Negotiation", "Contract law basics", "SAP Ariba")),
              ("Supply Planner", ("MRP", "Forecasting", "Supplier scorecards"))),
             ("Supplier Consolidation", "Packaging Tender")),
    )),
    Unit("SUP", "Customer Support", "Head of Customer Support", (
        Team("Technical Support", ("first response time", "bug triage", "knowledge base"),
             (("Support Engineer", ("SQL", "Log analysis", "Zendesk", "Networking")),
              ("Escalation Manager", ("Incident management", "Customer communication", "Root cause analysis"))),
             ("Help Center Rewrite", "Chat Pilot")),
        Team("Customer Success", ("renewals", "adoption", "quarterly reviews"),
             (("Customer Success Manager", ("Account planning", "Salesforce", "Presentation")),
              ("Onboarding Specialist", ("Training", "Data migration", "Project planning"))),
             ("Health Score", "Enterprise Onboarding")),
    )),
    Unit("RND", "Research and Development", "Director of Research", (
        Team("Applied Research", ("battery materials", "sensor fusion", "prototype testing"),
             (("Research Scientist", ("Experimental design", "MATLAB", "Electrochemistry", "Technical writing")),
              ("Lab Technician", ("Calibration", "Sample preparation", "Lab safety"))),
             ("Solid Electrolyte Study", "Field Sensor Trial")),
        Team("Data Science", ("demand forecasting", "experiment analysis", "model monitoring"),
             (("Data Scientist", ("Python", "Statistics", "scikit-learn", "SQL")),
              ("Machine Learning Engineer", ("PyTorch", "Docker", "Feature stores", "Python"))),
             ("Churn Model", "Price Elasticity", "Forecast Engine")),
    )),
    Unit("SAL", "Sales", "VP of Sales", (
        Team("Enterprise Accounts", ("renewal pipeline", "partner deals"),
             (("Account Executive", ("Solution selling", "Salesforce", "Negotiation")),
              ("Solutions Consultant", ("Product demos", "Requirements analysis", "RFP responses"))),
             ("Public Sector Push", "Partner Program")),
        Team("Inside Sales", ("outbound calls", "qualification"),
             (("Sales Development Representative", ("Cold calling", "LinkedIn outreach", "Salesforce")),
              ("Sales Operations Analyst", ("Quota planning", "CRM hygiene", "Excel"))),
             ("Territory Redesign", "CRM Cleanup")),
    )),
)  # fmt: skip
"""Eight departments that a medium-sized company has."""
