"""Real cities with what belongs to them: coordinates, time zone, streets, states and ZIP codes. Data only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class City:
    """A city as a map knows it."""

    name: str
    region: str
    """State or country, as an address ends."""
    latitude: float
    longitude: float
    timezone: str
    """IANA name."""
    streets: tuple[str, ...]
    """Streets within about two kilometres of the coordinates; ``#`` stands for the house number."""


CITIES = (
    City("New York", "NY", 40.7484, -73.9857, "America/New_York", ("# Madison Avenue", "# West 38th Street")),
    City("Boston", "MA", 42.3554, -71.0640, "America/New_York", ("# Boylston Street", "# Tremont Street")),
    City("Philadelphia", "PA", 39.9526, -75.1652, "America/New_York", ("# Market Street", "# Walnut Street")),
    City("Atlanta", "GA", 33.7590, -84.3880, "America/New_York", ("# Peachtree Street NE", "# Marietta Street NW")),
    City("Miami", "FL", 25.7743, -80.1937, "America/New_York", ("# Biscayne Boulevard", "# Brickell Avenue")),
    City("Detroit", "MI", 42.3314, -83.0458, "America/Detroit", ("# Woodward Avenue", "# Gratiot Avenue")),
    City("Chicago", "IL", 41.8838, -87.6319, "America/Chicago", ("# North LaSalle Street", "# West Randolph Street")),
    City("New Orleans", "LA", 29.9546, -90.0751, "America/Chicago", ("# Canal Street", "# Magazine Street")),
    City("Minneapolis", "MN", 44.9778, -93.2650, "America/Chicago", ("# Nicollet Mall", "# Hennepin Avenue")),
    City("Austin", "TX", 30.2672, -97.7431, "America/Chicago", ("# Congress Avenue", "# East 6th Street")),
    City("Denver", "CO", 39.7440, -104.9903, "America/Denver", ("# Larimer Street", "# East Colfax Avenue")),
    City("Salt Lake City", "UT", 40.7608, -111.8910, "America/Denver", ("# South State Street", "# East 300 South")),
    City("Phoenix", "AZ", 33.4484, -112.0740, "America/Phoenix", ("# North Central Avenue", "# East Roosevelt Street")),
    City("Seattle", "WA", 47.6062, -122.3321, "America/Los_Angeles", ("# Pine Street", "# 2nd Avenue")),
    City("Portland", "OR", 45.5202, -122.6742, "America/Los_Angeles", ("# SW Morrison Street", "# NW Couch Street")),
    City("San Francisco", "CA", 37.7793, -122.4193, "America/Los_Angeles", ("# Valencia Street", "# Hayes Street")),
    City("Los Angeles", "CA", 34.0522, -118.2437, "America/Los_Angeles", ("# South Broadway", "# South Hill Street")),
    City("Anchorage", "AK", 61.2176, -149.8900, "America/Anchorage", ("# West 4th Avenue", "# E Street")),
    City("Honolulu", "HI", 21.3069, -157.8583, "Pacific/Honolulu", ("# Bishop Street", "# South King Street")),
    City("Toronto", "Canada", 43.6510, -79.3832, "America/Toronto", ("# Queen Street West", "# Yonge Street")),
    City("Montréal", "Canada", 45.5088, -73.5617, "America/Toronto", ("# rue Saint-Denis", "# rue Saint-Urbain")),
    City("Vancouver", "Canada", 49.2827, -123.1207, "America/Vancouver", ("# Granville Street", "# Robson Street")),
    City("Halifax", "Canada", 44.6476, -63.5728, "America/Halifax", ("# Barrington Street", "# Spring Garden Road")),
    City("Mexico City", "Mexico", 19.4326, -99.1332, "America/Mexico_City", ("Calle de Tacuba #", "Avenida Madero #")),
    City("Bogotá", "Colombia", 4.6097, -74.0817, "America/Bogota", ("Carrera 7 No. 12-#", "Calle 19 No. 5-#")),
    City("Lima", "Peru", -12.0464, -77.0428, "America/Lima", ("Jirón de la Unión #", "Avenida Tacna #")),
    City("Santiago", "Chile", -33.4489, -70.6693, "America/Santiago", ("Calle Huérfanos #", "Calle Agustinas #")),
    City("Buenos Aires", "Argentina", -34.6037, -58.3816, "America/Argentina/Buenos_Aires", ("Calle Lavalle #",)),
    City("São Paulo", "Brazil", -23.5505, -46.6333, "America/Sao_Paulo", ("Rua Augusta, #", "Avenida Ipiranga, #")),
    City("Lisbon", "Portugal", 38.7139, -9.1394, "Europe/Lisbon", ("Rua da Prata #", "Rua Garrett #")),
    City("Madrid", "Spain", 40.4168, -3.7038, "Europe/Madrid", ("Calle de Atocha, #", "Calle de Fuencarral, #")),
    City("Barcelona", "Spain", 41.3874, 2.1686, "Europe/Madrid", ("Carrer de Mallorca, #", "Carrer de Balmes, #")),
    City("Dublin", "Ireland", 53.3441, -6.2675, "Europe/Dublin", ("# Capel Street", "# Dame Street")),
    City("London", "United Kingdom", 51.5136, -0.1365, "Europe/London", ("# Wardour Street", "# Marylebone Lane")),
    City("Edinburgh", "United Kingdom", 55.9533, -3.1883, "Europe/London", ("# George Street", "# Nicolson Street")),
    City("Manchester", "United Kingdom", 53.4794, -2.2453, "Europe/London", ("# Deansgate", "# Oldham Street")),
    City("Paris", "France", 48.8606, 2.3522, "Europe/Paris", ("# rue de Turbigo", "# rue des Archives")),
    City("Lyon", "France", 45.7578, 4.8320, "Europe/Paris", ("# rue Mercière", "# cours Gambetta")),
    City("Brussels", "Belgium", 50.8467, 4.3499, "Europe/Brussels", ("Rue Neuve #", "Rue Antoine Dansaert #")),
    City("Amsterdam", "Netherlands", 52.3702, 4.8952, "Europe/Amsterdam", ("Prinsengracht #", "Damrak #")),
    City("Berlin", "Germany", 52.5244, 13.4105, "Europe/Berlin", ("Torstraße #", "Karl-Liebknecht-Straße #")),
    City("Hamburg", "Germany", 53.5511, 9.9937, "Europe/Berlin", ("Mönckebergstraße #", "Spitalerstraße #")),
    City("Munich", "Germany", 48.1374, 11.5755, "Europe/Berlin", ("Sendlinger Straße #", "Theatinerstraße #")),
    City("Zürich", "Switzerland", 47.3717, 8.5422, "Europe/Zurich", ("Bahnhofstrasse #", "Niederdorfstrasse #")),
    City("Milan", "Italy", 45.4642, 9.1900, "Europe/Rome", ("Via Torino, #", "Corso Magenta, #")),
    City("Rome", "Italy", 41.8986, 12.4769, "Europe/Rome", ("Via del Corso, #", "Via dei Giubbonari, #")),
    City("Vienna", "Austria", 48.2085, 16.3721, "Europe/Vienna", ("Wollzeile #", "Mariahilfer Straße #")),
    City("Prague", "Czechia", 50.0833, 14.4220, "Europe/Prague", ("Vodičkova #", "Dlouhá #")),
    City("Warsaw", "Poland", 52.2319, 21.0067, "Europe/Warsaw", ("ul. Nowy Świat #", "ul. Marszałkowska #")),
    City("Copenhagen", "Denmark", 55.6783, 12.5755, "Europe/Copenhagen", ("Købmagergade #", "Nørre Voldgade #")),
    City("Stockholm", "Sweden", 59.3326, 18.0649, "Europe/Stockholm", ("Drottninggatan #", "Kungsgatan #")),
    City("Oslo", "Norway", 59.9133, 10.7389, "Europe/Oslo", ("Karl Johans gate #", "Torggata #")),
    City("Helsinki", "Finland", 60.1699, 24.9384, "Europe/Helsinki", ("Mannerheimintie #", "Fredrikinkatu #")),
    City("Athens", "Greece", 37.9795, 23.7280, "Europe/Athens", ("Ermou #", "Athinas #")),
    City("Istanbul", "Türkiye", 41.0336, 28.9778, "Europe/Istanbul", ("İstiklal Caddesi No: #",)),
    City("Cairo", "Egypt", 30.0480, 31.2380, "Africa/Cairo", ("# Talaat Harb Street", "# Qasr El Nil Street")),
    City("Lagos", "Nigeria", 6.4530, 3.3930, "Africa/Lagos", ("# Broad Street", "# Marina Road")),
    City("Nairobi", "Kenya", -1.2841, 36.8233, "Africa/Nairobi", ("# Kenyatta Avenue", "# Moi Avenue")),
    City("Cape Town", "South Africa", -33.9228, 18.4210, "Africa/Johannesburg", ("# Long Street", "# Bree Street")),
    City("Dubai", "United Arab Emirates", 25.2635, 55.2972, "Asia/Dubai", ("# Al Maktoum Road", "# Al Rigga Road")),
    City("Mumbai", "India", 18.9322, 72.8310, "Asia/Kolkata", ("# Mahatma Gandhi Road", "# Dr Dadabhai Naoroji Road")),
    City("Bengaluru", "India", 12.9750, 77.6060, "Asia/Kolkata", ("# Residency Road", "# Brigade Road")),
    City("Singapore", "Singapore", 1.2966, 103.8520, "Asia/Singapore", ("# North Bridge Road", "# Victoria Street")),
    City("Bangkok", "Thailand", 13.7460, 100.5340, "Asia/Bangkok", ("# Rama I Road", "# Phaya Thai Road")),
    City("Hong Kong", "Hong Kong", 22.2819, 114.1580, "Asia/Hong_Kong", ("# Wellington Street", "# Hollywood Road")),
    City("Taipei", "Taiwan", 25.0460, 121.5170, "Asia/Taipei", ("No. #, Hankou Street", "No. #, Zhongshan North Road")),
    City("Seoul", "South Korea", 37.5665, 126.9780, "Asia/Seoul", ("# Sejong-daero, Jung-gu", "# Jong-ro, Jongno-gu")),
    City("Sydney", "Australia", -33.8688, 151.2093, "Australia/Sydney", ("# George Street", "# Oxford Street")),
    City("Melbourne", "Australia", -37.8136, 144.9631, "Australia/Melbourne", ("# Collins Street", "# Queen Street")),
    City("Perth", "Australia", -31.9523, 115.8613, "Australia/Perth", ("# Murray Street", "# Hay Street")),
    City("Auckland", "New Zealand", -36.8485, 174.7633, "Pacific/Auckland", ("# Queen Street", "# Karangahape Road")),
    City("Wellington", "New Zealand", -41.2924, 174.7787, "Pacific/Auckland", ("# Cuba Street", "# Lambton Quay")),
)


@dataclass(frozen=True, slots=True)
class PostalTown:
    """A US town as a parcel label knows it."""

    name: str
    state: str
    """Two letters."""
    zip_codes: tuple[str, ...]


POSTAL_TOWNS = (
    PostalTown("Portland", "ME", ("04101", "04102", "04103")),
    PostalTown("Cambridge", "MA", ("02138", "02139", "02141")),
    PostalTown("Burlington", "VT", ("05401", "05408")),
    PostalTown("Providence", "RI", ("02903", "02906")),
    PostalTown("New Haven", "CT", ("06510", "06511")),
    PostalTown("Brooklyn", "NY", ("11201", "11215", "11238")),
    PostalTown("Buffalo", "NY", ("14202", "14213")),
    PostalTown("Hoboken", "NJ", ("07030",)),
    PostalTown("Pittsburgh", "PA", ("15206", "15217", "15232")),
    PostalTown("Baltimore", "MD", ("21211", "21224")),
    PostalTown("Richmond", "VA", ("23220", "23221")),
    PostalTown("Durham", "NC", ("27701", "27705")),
    PostalTown("Asheville", "NC", ("28801", "28806")),
    PostalTown("Charleston", "SC", ("29401", "29403")),
    PostalTown("Savannah", "GA", ("31401", "31405")),
    PostalTown("Tampa", "FL", ("33602", "33609")),
    PostalTown("Nashville", "TN", ("37203", "37206")),
    PostalTown("Louisville", "KY", ("40204", "40206")),
    PostalTown("Columbus", "OH", ("43201", "43215")),
    PostalTown("Cincinnati", "OH", ("45202", "45208")),
    PostalTown("Ann Arbor", "MI", ("48103", "48104")),
    PostalTown("Milwaukee", "WI", ("53202", "53211")),
    PostalTown("Madison", "WI", ("53703", "53711")),
    PostalTown("Saint Paul", "MN", ("55102", "55105")),
    PostalTown("Evanston", "IL", ("60201", "60202")),
    PostalTown("St. Louis", "MO", ("63108", "63110")),
    PostalTown("Des Moines", "IA", ("50309", "50312")),
    PostalTown("Omaha", "NE", ("68102", "68131")),
    PostalTown("Tulsa", "OK", ("74103", "74114")),
    PostalTown("Houston", "TX", ("77006", "77019")),
    PostalTown("San Antonio", "TX", ("78205", "78212")),
    PostalTown("Santa Fe", "NM", ("87501", "87505")),
    PostalTown("Boulder", "CO", ("80302", "80304")),
    PostalTown("Bozeman", "MT", ("59715", "59718")),
    PostalTown("Boise", "ID", ("83702", "83706")),
    PostalTown("Tucson", "AZ", ("85701", "85719")),
    PostalTown("Reno", "NV", ("89501", "89509")),
    PostalTown("Spokane", "WA", ("99201", "99203")),
    PostalTown("Eugene", "OR", ("97401", "97405")),
    PostalTown("Sacramento", "CA", ("95814", "95819")),
    PostalTown("Berkeley", "CA", ("94703", "94705")),
    PostalTown("San Diego", "CA", ("92103", "92116")),
)

STREET_NAMES = (
    "Alder", "Ash", "Birch", "Bridge", "Cedar", "Chestnut", "Church", "Clover", "College", "Cottage", "Dogwood",
    "Elm", "Fairview", "Franklin", "Garden", "Grant", "Harrison", "Hawthorne", "Hickory", "Highland", "Hillcrest",
    "Jackson", "Jefferson", "Lakeview", "Laurel", "Liberty", "Lincoln", "Linden", "Locust", "Magnolia", "Maple",
    "Meadow", "Mill", "Monroe", "Mulberry", "Oak", "Orchard", "Park", "Pearl", "Poplar", "Prospect", "River",
    "School", "Spring", "Spruce", "Summit", "Sycamore", "Union", "Valley", "Walnut", "Willow",
)  # fmt: skip
STREET_KINDS = ("Street", "Street", "Avenue", "Avenue", "Road", "Lane", "Drive", "Court", "Place")
