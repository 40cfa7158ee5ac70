"""A stand-in for the tray of a desktop: org.kde.StatusNotifierWatcher on the session bus.

Takes `yes` or `no`: whether a host is registered. Prints `ready`, and ends when its standard input
does.
"""

import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

NAME = "org.kde.StatusNotifierWatcher"
PROPERTY = "IsStatusNotifierHostRegistered"


class Watcher(dbus.service.Object):
    @dbus.service.method(dbus.PROPERTIES_IFACE, in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        if (interface, name) != (NAME, PROPERTY):
            raise dbus.exceptions.DBusException("no such property")
        return dbus.Boolean(sys.argv[1] == "yes")


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()
name = dbus.service.BusName(NAME, bus)
watcher = Watcher(bus, "/StatusNotifierWatcher")
loop = GLib.MainLoop()
GLib.io_add_watch(sys.stdin, GLib.IO_HUP, lambda *_: loop.quit())
print("ready", flush=True)
loop.run()
