"""The reader of template.yaml."""

from pathlib import Path

from local import template

_TEXT = """
Globals: {Function: {Timeout: !Ref Seconds}}
Resources:
  OneFunction:
    Type: AWS::Serverless::Function
    Properties:
      Handler: functions.connect.app.handler
      Role: !GetAtt Role.Arn
      Environment: !If [IsLocal, !Sub "${A}/b", !Ref "AWS::NoValue"]
  Table: {Type: AWS::DynamoDB::Table}
"""


def test_short_tags_become_their_long_forms(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(_TEXT)
    read = template.load(path)
    properties = read["Resources"]["OneFunction"]["Properties"]
    assert read["Globals"]["Function"]["Timeout"] == {"Ref": "Seconds"}
    assert properties["Role"] == {"Fn::GetAtt": ["Role", "Arn"]}
    assert properties["Environment"] == {"Fn::If": ["IsLocal", {"Fn::Sub": "${A}/b"}, {"Ref": "AWS::NoValue"}]}


def test_functions_are_found_with_their_area(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(_TEXT)
    (function,) = template.functions(template.load(path))
    assert (function.logical_id, function.area) == ("OneFunction", "connect")
