#!/bin/sh
echo "the stand-in brings nothing"
