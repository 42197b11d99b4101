"""What members are called on the wire, per protocol (botocore's `serialize.py` and `parsers.py` are the reference)."""


class EC2Protocol:
    dialect = "ec2"

    @staticmethod
    def request_name(member_name, member):
        name = member.get("queryName")
        if name:
            return name
        name = member.get("locationName") or member_name
        # A locationName is capitalised on requests; a member name is taken as it stands.
        return name[0].upper() + name[1:] if member.get("locationName") else name

    @staticmethod
    def response_name(member_name, member):
        return member.get("locationName") or member_name

    @staticmethod
    def request_element(list_shape):
        return None

    @staticmethod
    def response_element(list_shape):
        return list_shape["member"].get("locationName", "item")

    @staticmethod
    def result_element(action, operation):
        return None


class AWSQueryProtocol(EC2Protocol):
    dialect = "awsQuery"

    @staticmethod
    def request_name(member_name, member):
        return member.get("locationName") or member_name

    @staticmethod
    def request_element(list_shape):
        return list_shape["member"].get("locationName", "member")

    @staticmethod
    def response_element(list_shape):
        return list_shape["member"].get("locationName", "member")

    @staticmethod
    def result_element(action, operation):
        return operation.get("output", {}).get("resultWrapper")


class RESTJSONProtocol(EC2Protocol):
    dialect = "restJSON"

    @staticmethod
    def request_name(member_name, member):
        return member.get("locationName") or member_name

    @staticmethod
    def response_element(list_shape):
        return None


PROTOCOLS = {"ec2": EC2Protocol, "query": AWSQueryProtocol, "rest-json": RESTJSONProtocol,
             # The whole input is the document; a header names the operation.
             "json": RESTJSONProtocol}
