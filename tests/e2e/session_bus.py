"""A desktop session as an operator has one: a session bus with an unlocked GNOME keyring on it."""

import os
import subprocess
import time
from pathlib import Path

CONFIG = (
    '<busconfig><type>session</type><listen>unix:path={socket}</listen><policy context="default">'
    '<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>'
)


class Session:
    def __init__(self, folder):
        folder = Path(folder)
        folder.mkdir(mode=0o700)
        config = folder / "bus.conf"
        config.write_text(CONFIG.format(socket=folder / "bus"))
        self._bus = subprocess.Popen(
            ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address"], stdout=subprocess.PIPE, text=True
        )
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder),
            "XDG_DATA_HOME": str(folder), "DBUS_SESSION_BUS_ADDRESS": self._bus.stdout.readline().strip(),
        }
        self._keyring = subprocess.Popen(
            ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
            env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self._keyring.stdin.write(b"password")
        self._keyring.stdin.close()
        asked = ["dbus-send", f"--bus={self.environment['DBUS_SESSION_BUS_ADDRESS']}", "--print-reply",
                 "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"]
        end = time.monotonic() + 20
        while "boolean true" not in subprocess.run(asked, capture_output=True, text=True).stdout:
            assert time.monotonic() < end, "the keyring did not come"
            time.sleep(0.05)

    def stop(self):
        for process in (self._keyring, self._bus):
            process.kill()
            process.wait()
        self._bus.stdout.close()
