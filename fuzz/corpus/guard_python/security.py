"""What Bandit's rules are about."""

import hashlib
import pickle
import random
import subprocess
import tarfile
import tempfile
import xml.etree.ElementTree as ET

import requests
import yaml

password = "a-word-nobody-guesses"


def run(command, name):
    subprocess.call(command, shell=True)
    subprocess.run(["ls", name], check=False)
    eval(command)
    exec(command)


def load(path, data):
    pickle.loads(data)
    yaml.load(data)
    ET.parse(path)
    tarfile.open(path).extractall()
    tempfile.mktemp()


def query(cursor, name):
    cursor.execute("SELECT * FROM users WHERE name = '%s'" % name)
    cursor.execute(f"DELETE FROM users WHERE name = '{name}'")


def weak(data):
    hashlib.md5(data)
    requests.get("https://example.org", verify=False)
    return random.random()


def serve(app):
    app.run(host="0.0.0.0", debug=True)
    try:
        weak(b"")
    except Exception:
        pass
