"""Tell apache/reload which processes of mod_wsgi have loaded the site."""

import os
import socket
import sys

<% include "announce.jinja" %>
