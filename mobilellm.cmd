@echo off
rem Runs MobileLLM on Windows: finds a JDK, builds the jar when it is missing, starts it.
rem Simpler than the shell script beside it: it does not look for newer sources (after a change: mvn package)
rem and does not guard against two first starts at once.
rem
rem   MOBILELLM_JAVA_HOME     the JDK to use; nothing else is looked at
rem   MOBILELLM_JAVA_OPTIONS  more options for java
setlocal EnableExtensions DisableDelayedExpansion
set "JAR=%~dp0app\target\mobilellm.jar"
set "STATE=%~dp0target\launcher"
set "FOUND="
set "REPORT="

call :search
if not defined FOUND goto no_java
if exist "%JAR%" goto run
call :build || exit /b 1

:run
"%FOUND%\bin\java.exe" --add-modules=jdk.incubator.vector -XX:+UseSerialGC -Xms24m -XX:CompileCommand=quiet -XX:CompileCommand=CompileThresholdScaling,mobilellm.kernel.vector.*::*,0.01 -XX:CompileCommand=BackgroundCompilation,mobilellm.kernel.vector.*::*,false %MOBILELLM_JAVA_OPTIONS% -jar "%JAR%" %*
exit /b %ERRORLEVEL%

:search
if defined MOBILELLM_JAVA_HOME (
    call :consider "%MOBILELLM_JAVA_HOME%"
    exit /b 0
)
if defined JAVA_HOME call :consider "%JAVA_HOME%"
for %%J in (java.exe) do if not "%%~dp$PATH:J"=="" call :consider "%%~dp$PATH:J.."
for /d %%D in (
    "%ProgramFiles%\Java\*"
    "%ProgramFiles%\Eclipse Adoptium\*"
    "%ProgramFiles%\Microsoft\*"
    "%ProgramFiles%\Zulu\*"
    "%ProgramFiles%\Amazon Corretto\*"
    "%ProgramFiles%\BellSoft\*"
    "%USERPROFILE%\.jdks\*"
    "%USERPROFILE%\scoop\apps\*"
) do call :consider "%%~D"
exit /b 0

rem A folder with a release file and a compiler is a JDK; the version is read from that file.
:consider
if defined FOUND exit /b 0
if not exist "%~1\release" exit /b 0
set "VERSION="
for /f "usebackq tokens=1,2 delims==" %%A in ("%~1\release") do if "%%A"=="JAVA_VERSION" set "VERSION=%%~B"
if not defined VERSION exit /b 0
if defined REPORT echo   %VERSION%  "%~1">&2
if not exist "%~1\bin\javac.exe" exit /b 0
for /f "tokens=1-3 delims=.-+_" %%A in ("%VERSION%") do call :recent "%%A" "%%B" "%%C" && set "FOUND=%~1"
exit /b 0

rem At least 25.0.3? What is not a number counts as 0: 26-ea is 26.
:recent
set /a "MAJOR=%~1+0, MINOR=%~2+0, PATCH=%~3+0" 2>nul || exit /b 1
if %MAJOR% GTR 25 exit /b 0
if %MAJOR% LSS 25 exit /b 1
if %MINOR% GTR 0 exit /b 0
if %PATCH% GEQ 3 exit /b 0
exit /b 1

:build
where mvn >nul 2>nul
if errorlevel 1 (
    echo error: Maven, mvn, is not on the PATH; it is needed once to build.>&2
    echo Get it:  winget install Apache.Maven  or  scoop install maven>&2
    exit /b 1
)
if not exist "%STATE%" mkdir "%STATE%"
echo mobilellm: building, log: "%STATE%\build.log">&2
pushd "%~dp0"
set "OLD_JAVA_HOME=%JAVA_HOME%"
set "JAVA_HOME=%FOUND%"
call mvn -B -pl app -am -Dmaven.test.skip=true -Dexec.skip=true -Dmdep.skip=true package >"%STATE%\build.log" 2>&1 <nul
set "JAVA_HOME=%OLD_JAVA_HOME%"
popd
if exist "%JAR%" exit /b 0
echo error: the build failed; full log: "%STATE%\build.log">&2
exit /b 1

:no_java
echo error: no JDK 25.0.3 or newer found. Seen:>&2
set "REPORT=yes"
call :search
echo Get one:  winget install EclipseAdoptium.Temurin.25.JDK>&2
echo or set MOBILELLM_JAVA_HOME to the folder of a JDK that is elsewhere.>&2
exit /b 1
