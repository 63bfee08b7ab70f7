"""Accepts or rejects all tracked changes of documents in LibreOffice; run by the Python that has its bridge, uno.

Arguments: .docx files. Prints JSON: for each file its paragraphs, accepted and rejected, each with its style, its words
and those of them that are bold.
"""

import json
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uno
from com.sun.star.awt.FontWeight import BOLD
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException

COMMANDS = {"accepted": ".uno:AcceptAllTrackedChanges", "rejected": ".uno:RejectAllTrackedChanges"}


@contextmanager
def office() -> Iterator[Any]:
    """The component context of a LibreOffice of its own, with a profile of its own."""
    with tempfile.TemporaryDirectory() as profile:
        pipe = f"qiyue{uuid.uuid4().hex}"
        arguments = ["--headless", "--norestore", "--nologo", f"-env:UserInstallation={Path(profile).as_uri()}"]
        process = subprocess.Popen(
            ["soffice", *arguments, f"--accept=pipe,name={pipe};urp;"], stderr=subprocess.DEVNULL
        )
        try:
            context = connected(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            yield context
            service(context, "com.sun.star.frame.Desktop").terminate()
            process.wait(timeout=30)
        finally:
            process.kill()


def connected(address: str) -> Any:
    resolver = service(uno.getComponentContext(), "com.sun.star.bridge.UnoUrlResolver")
    for _ in range(240):
        try:
            return resolver.resolve(address)
        except NoConnectException:
            time.sleep(0.25)
    raise SystemExit("LibreOffice does not answer")


def service(context: Any, name: str) -> Any:
    return context.ServiceManager.createInstanceWithContext(name, context)


def resolved(context: Any, path: str, command: str) -> list[tuple[str, str, str]]:
    hidden = PropertyValue()
    hidden.Name, hidden.Value = "Hidden", True
    desktop = service(context, "com.sun.star.frame.Desktop")
    document = desktop.loadComponentFromURL(Path(path).resolve().as_uri(), "_blank", 0, (hidden,))
    frame = document.CurrentController.Frame
    service(context, "com.sun.star.frame.DispatchHelper").executeDispatch(frame, command, "", 0, ())
    found = [(paragraph.ParaStyleName, paragraph.String, bold(paragraph)) for paragraph in each(document.Text)]
    document.close(True)
    return found


def bold(paragraph: Any) -> str:
    return "".join(portion.String for portion in each(paragraph) if portion.CharWeight >= BOLD)


def each(holder: Any) -> Iterator[Any]:
    enumeration = holder.createEnumeration()
    while enumeration.hasMoreElements():
        yield enumeration.nextElement()


if __name__ == "__main__":
    with office() as context:
        found = {path: {key: resolved(context, path, COMMANDS[key]) for key in COMMANDS} for path in sys.argv[1:]}
    print(json.dumps(found))
