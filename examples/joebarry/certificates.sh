#!/usr/bin/env bash
# Makes what HTTPS and the console need, into a directory: an authority for the site, the site's certificate, an authority for the team's
# certificates, and one for Carol. For trying things out: a real site has its certificate from an authority that browsers know.
#   ./certificates.sh DIRECTORY [DOMAIN]
set -euo pipefail
directory=${1:?usage: ./certificates.sh DIRECTORY [DOMAIN]} domain=${2:-joebarry.com}
mkdir -p "$directory" && cd "$directory"
umask 077

authority() { # NAME COMMON-NAME
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj "/CN=$2" -keyout "$1.key" -out "$1.pem" 2>/dev/null
}
certificate() { # NAME AUTHORITY COMMON-NAME EXTENSIONS
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$3" -keyout "$1.key" -out "$1.csr" 2>/dev/null
    openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days 90 -extfile <(echo "$4") -out "$1.pem" 2>/dev/null
    rm "$1.csr"
}

authority authority "Joe and Barry, site"
authority clients "Joe and Barry, team"
certificate site authority "$domain" "subjectAltName=DNS:$domain,DNS:*.$domain"
certificate carol clients "carol@$domain" "extendedKeyUsage=clientAuth"
