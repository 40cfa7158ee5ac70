; What the app writes for this user while it runs, and the uninstaller would not know of: the login
; item (app.setLoginItemSettings, whose value is named after the app id) with the switch Windows keeps
; for it, and the handler of porthole:// (app.setAsDefaultProtocolClient). An update keeps them.
!macro customUnInstall
  ${ifNot} ${isUpdated}
    DeleteRegValue HKCU "Software\Microsoft\Windows\CurrentVersion\Run" "${APP_ID}"
    DeleteRegValue HKCU "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run" "${APP_ID}"
    DeleteRegKey HKCU "Software\Classes\porthole"
  ${endIf}
!macroend
