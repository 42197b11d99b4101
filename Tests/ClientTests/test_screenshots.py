"""GetConsoleScreenshot on simulated guests: a JPEG file, read by a reader of our own; real screens are in the host tests."""

import base64

from apus_testing import jpeg
from apus_testing.waiting import quick


def launch(ec2, image):
    id = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[id], WaiterConfig=quick())
    return id


def test_the_screen_is_a_picture_of_what_the_console_says(ec2, image):
    id = launch(ec2, image)
    answer = ec2.get_console_screenshot(InstanceId=id, WakeUp=True)
    assert answer["InstanceId"] == id
    width, height, rows = jpeg.brightness(base64.b64decode(answer["ImageData"]))
    assert (width, height) == (640, 400)
    text = f"{id} is simulated."
    lit = {(y // 16, x // 8) for y, row in enumerate(rows) for x, shade in enumerate(row) if shade > 100}
    assert lit == {(0, column) for column, letter in enumerate(text) if letter != " "}
    assert max(map(max, rows)) < 200 and all(shade < 60 or shade > 100 for row in rows for shade in row)


def test_only_what_runs_has_a_screen(ec2, image, refused):
    id = launch(ec2, image)
    ec2.stop_instances(InstanceIds=[id])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[id], WaiterConfig=quick())
    with refused("IncorrectInstanceState", 400):
        ec2.get_console_screenshot(InstanceId=id)
    with refused("InvalidInstanceID.NotFound", 400):
        ec2.get_console_screenshot(InstanceId="i-0123456789abcdef0")


def test_the_latest_output_is_for_types_that_have_it(ec2, image, refused):
    old = ec2.run_instances(ImageId=image, InstanceType="t2.micro", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ec2.get_console_output(InstanceId=old)
    with refused("UnsupportedOperation", 400):
        ec2.get_console_output(InstanceId=old, Latest=True)
    ec2.get_console_output(InstanceId=launch(ec2, image), Latest=True)
