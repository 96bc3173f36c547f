@echo off
rem Runs MobileLLM on Windows: finds a JDK, builds the jar when it is missing or its sources have changed, starts it.
rem The shell script beside it does the same; it says why the options of java are what they are.
rem
rem   MOBILELLM_JAVA_HOME     the JDK to use; nothing else is looked at
rem   MOBILELLM_JAVA_OPTIONS  more options for java, split at blanks
rem
rem What changed is told by sizes and times in minutes: an edit of the same size in the minute of a build is not noticed.
setlocal EnableExtensions DisableDelayedExpansion
set "PROJECT=%~dp0"
set "JAR=%PROJECT%app\target\mobilellm.jar"
set "STATE=%PROJECT%target\launcher"
set "LOG=%STATE%\build.log"
set "CACHE=%STATE%\machine.aot"
set "NAMED=auto"
set "NOW=%STATE%\sources.%RANDOM%"
set "FOUND="
set "REPORT="
set "TOLD="

set "FLAGS=-XX:+UseSerialGC -Xms16m -XX:TrimNativeHeapInterval=1000 -Xlog:trimnative=off -Djdk.reflect.useNativeAccessorOnly=true"
set "SWIFT=-XX:TieredStopAtLevel=1"
set "KERNELS=mobilellm.kernel.vector.*::*"
set "LATE=-XX:Tier3DelayOn=0 -XX:Tier4InvocationThreshold=50000 -XX:Tier4MinInvocationThreshold=6000"
set "LATE=%LATE% -XX:Tier4CompileThreshold=150000 -XX:Tier4BackEdgeThreshold=400000"
set "VECTOR=--add-modules=jdk.incubator.vector -XX:CompileCommand=quiet -XX:CompileCommand=CompileThresholdScaling,%KERNELS%,0.03 %LATE%"

rem --- what the command line asks for -------------------------------------------------------------
set "ASKED="
if "%~1"=="verify" set "ASKED=plain"
set REST=%*
setlocal EnableDelayedExpansion
:kernels
if not defined REST goto asked
set "AFTER=!REST:*kernels=!"
if "!AFTER!"=="!REST!" goto asked
set "NAME="
for /f "tokens=1 delims== " %%K in ("!AFTER!") do set "NAME=%%~K"
if defined NAME if not "!NAME:vector=!"=="!NAME!" set "ASKED=vector"
if not defined ASKED if "!NAME!"=="scalar" set "ASKED=plain"
if not defined ASKED if "!NAME!"=="reference" set "ASKED=plain"
set "REST=!AFTER!"
goto kernels
:asked
endlocal & set "ASKED=%ASKED%"
set "REST="

rem --- a JDK --------------------------------------------------------------------------------------
call :search
if not defined FOUND goto no_java
set "FAST=%SWIFT%"
if "%~1"=="quantize" set "FAST="
if "%~1"=="convert" set "FAST="
if not defined ASKED if not "%ARCH%"=="x86_64" set "ASKED=vector"
if "%ASKED%"=="vector" (
    set "FAST=%VECTOR%"
    set "CACHE=%STATE%\vector.aot"
    set "NAMED=vector"
)
if "%ASKED%"=="plain" (
    set "FAST="
    set "CACHE="
)

rem --- the build ----------------------------------------------------------------------------------
call :look
if not defined WORK goto run
set "MAVEN="
for %%M in (mvn.cmd mvn.bat mvn.exe) do if not defined MAVEN set "MAVEN=%%~$PATH:M"
if "%WORK%"=="build" if not defined MAVEN goto no_maven
if "%WORK%"=="build" (set "WHAT=building") else set "WHAT=preparing faster starts"
>&2 echo mobilellm: %WHAT% (log: "%LOG%")
:lock
rem Whoever has the log open may build; the system closes it, whatever happens to its owner.
set "RESULT="
(call :locked >"%LOG%") 2>nul
if defined RESULT goto built
if not defined TOLD >&2 echo mobilellm: waiting for another build
set "TOLD=yes"
ping -n 2 127.0.0.1 >nul
goto lock
:built
if "%RESULT%"=="failed" goto build_failed

:run
if exist "%NOW%" del "%NOW%"
set "AOT="
if defined CACHE if exist "%CACHE%" for %%C in ("%CACHE%") do if not "%%~zC"=="0" set AOT=-Xlog:aot=off -Xlog:cds=off -XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0 -XX:AOTCache="%CACHE%"
"%FOUND%\bin\java.exe" %FLAGS% %FAST% %AOT% %MOBILELLM_JAVA_OPTIONS% -jar "%JAR%" %*
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
    "%LOCALAPPDATA%\Programs\Eclipse Adoptium\*"
    "%USERPROFILE%\.jdks\*"
) do call :consider "%%~D"
for /d %%D in ("%USERPROFILE%\scoop\apps\*") do call :consider "%%~D\current"
exit /b 0

rem Takes a folder as FOUND if it holds a JDK that will do. Only numbers count: 25.0.3+9 and 26-ea are 25.0.3 and 26.
:consider
if defined FOUND exit /b 0
if not exist "%~1\release" exit /b 0
set "VERSION="
set "ARCH="
for /f "usebackq tokens=1,2 delims==" %%A in ("%~1\release") do (
    if "%%A"=="JAVA_VERSION" set "VERSION=%%~B"
    if "%%A"=="OS_ARCH" set "ARCH=%%~B"
)
if not defined VERSION exit /b 0
set "HAVE=0"
for /f "tokens=1-3 delims=.-+_" %%A in ("%VERSION%.0.0") do set /a "HAVE=%%A*1000000+%%B*1000+%%C" 2>nul
set "NOTE="
if %HAVE% LSS 25000003 goto unfit
if exist "%~1\bin\javac.exe" set "FOUND=%~1"
set "NOTE=, without a compiler: a JRE"
:unfit
if defined FOUND exit /b 0
set "SEEN=yes"
if not defined REPORT exit /b 0
>&2 echo   %VERSION%  ("%~1"%NOTE%)
exit /b 0

:no_java
if defined MOBILELLM_JAVA_HOME (
    >&2 echo error: MOBILELLM_JAVA_HOME names no JDK 25.0.3 or newer: "%MOBILELLM_JAVA_HOME%"
) else >&2 echo error: no JDK 25.0.3 or newer found
>&2 echo Seen:
set "REPORT=yes"
set "SEEN="
call :search
if not defined SEEN >&2 echo   none (JAVA_HOME, PATH, Program Files, .jdks, scoop)
>&2 echo Get one:  winget install EclipseAdoptium.Temurin.25.JDK
>&2 echo or set MOBILELLM_JAVA_HOME to the folder of a JDK that is elsewhere.
exit /b 1

rem Sets WORK to what there is to do: build, prepare (the jar is not the one that was prepared last) or nothing.
:look
set "WORK="
if not exist "%STATE%" mkdir "%STATE%" 2>nul
(call :list >"%NOW%") 2>nul
if not exist "%JAR%" set "WORK=build"
if not exist "%NOW%" exit /b 0
if exist "%STATE%\building" set "WORK=build"
if defined WORK exit /b 0
set "LAST="
if exist "%STATE%\jar" set /p "LAST=" <"%STATE%\jar"
for %%J in ("%JAR%") do if not "%%~tzJ"=="%LAST%" set "WORK=prepare"
if defined WORK exit /b 0
fc "%STATE%\sources" "%NOW%" >nul 2>nul
if errorlevel 1 set "WORK=build"
if not defined WORK if defined CACHE if not exist "%CACHE%" set "WORK=prepare"
exit /b 0

:list
for %%F in ("%PROJECT%pom.xml" "%PROJECT%core\pom.xml" "%PROJECT%app\pom.xml") do echo %%~tzF "%%~F"
for /r "%PROJECT%core\src\main" %%F in (*) do echo %%~tzF "%%F"
for /r "%PROJECT%app\src\main" %%F in (*) do echo %%~tzF "%%F"
exit /b 0

rem What this says goes to the log, and on stderr nowhere. Another process may have done the work while we waited.
:locked
set "RESULT=done"
call :look
if not defined WORK exit /b 0
if "%WORK%"=="prepare" goto quicken
if exist "%STATE%\building" (
    del "%JAR%"
    rmdir /s /q "%PROJECT%core\target\classes" "%PROJECT%app\target\classes"
)
type nul >"%STATE%\building"
setlocal
pushd "%PROJECT%"
set "COMMIT="
for /f %%C in ('git describe --always --dirty --exclude "*" 2^>nul') do set "COMMIT=%%C"
set "JAVA_HOME=%FOUND%"
call "%MAVEN%" -B -pl app -am -Dmaven.test.skip=true -Dexec.skip=true -Dmdep.skip=true "-Dcommit=%COMMIT%" package 2>&1 <nul
endlocal & if errorlevel 1 set "RESULT=failed"
if not exist "%JAR%" set "RESULT=failed"
if "%RESULT%"=="failed" exit /b 0

rem Makes what lets the jar start faster. Where this fails, it works as it is.
:quicken
set "LAST="
if not exist "%STATE%\building" if exist "%STATE%\jar" set /p "LAST=" <"%STATE%\jar"
for %%J in ("%JAR%") do if not "%%~tzJ"=="%LAST%" call :modernise
if not defined CACHE goto quick
"%FOUND%\bin\java.exe" %FLAGS% %FAST% -XX:AOTCacheOutput="%CACHE%" -jar "%JAR%" generate "%PROJECT%core\src\main\resources\mobilellm\hub\tiny.gguf" --prompt Hello -n 4 --seed 1 --kernels %NAMED% <nul
rem An empty file: it was tried, and there will be none.
if not exist "%CACHE%" type nul >"%CACHE%"
:quick
for %%J in ("%JAR%") do >"%STATE%\jar" echo %%~tzJ
move /y "%NOW%" "%STATE%\sources" >nul
if exist "%STATE%\building" del "%STATE%\building"
exit /b 0

:modernise
"%FOUND%\bin\java.exe" "%PROJECT%dev\StackMaps.java" "%JAR%" "%JAR%.new" <nul 2>&1 && move /y "%JAR%.new" "%JAR%" >nul
if exist "%STATE%\*.aot" del "%STATE%\*.aot"
exit /b 0

:no_maven
>&2 echo error: Maven (mvn) is not on the PATH; it is needed to build "%JAR%"
>&2 echo Get it:  scoop install maven  or  choco install maven
if exist "%NOW%" del "%NOW%"
exit /b 1

:build_failed
>&2 echo error: the build failed; its errors:
>&2 findstr /b /c:"[ERROR]" "%LOG%"
>&2 echo Full log: "%LOG%"
if exist "%NOW%" del "%NOW%"
exit /b 1
