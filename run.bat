@echo off
rem Starts the site: run.bat [--host H] [--port P]. Everything that matters happens in Tumor\starter.py.
setlocal
set "FOUND="
rem Each name is really run: Windows has a "python" that only opens the shop.
if defined PYTHON call :try "%PYTHON%"
if not defined FOUND call :try "%~dp0.venv\Scripts\python.exe"
if not defined FOUND call :try py -3.13
if not defined FOUND call :try py -3.12
if not defined FOUND call :try py -3.11
if not defined FOUND call :try python
if not defined FOUND call :try python3
if not defined FOUND goto missing
%FOUND% "%~dp0Tumor\starter.py" run %*
exit /b %ERRORLEVEL%

:try
%* -c "import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12), (3, 13)))" >nul 2>&1
if not errorlevel 1 set FOUND=%*
exit /b 0

:missing
echo Python 3.11, 3.12 or 3.13 is needed and was not found. 1>&2
echo Please install one of them, or name it: set PYTHON=C:\path\to\python.exe 1>&2
exit /b 1
