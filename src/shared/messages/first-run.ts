/** What the first steps say (design/ux.md C3). */
import { catalogue } from './language.ts';

export const FIRST_RUN = catalogue({
  en: {
    label: 'First steps',
    step: 'Step {step} of {count}',
    skipAll: 'Skip the first steps',
    finish: 'Open Porthole',

    welcome: 'Welcome to Porthole',
    welcomeText:
      'Use an app that runs on one of your computers from another one, privately and without setting up a network.',
    name: 'Name of this computer',
    nameHint: 'Your other devices see this name.',
    nameEmpty: 'Give this computer a name.',
    nameLong: 'This name is too long.',
    nameFailed: 'The name could not be saved.',
    language: 'Language',

    connect: 'Connect another computer',
    connectText:
      'Install Porthole on it, too. One of the two shows a code, the other one reads it.',
    show: 'Show a code',
    showText: 'This computer shows it',
    have: 'I have a code',
    haveText: 'The other computer shows it',
    later: 'You can do this at any time: Devices, Add a device.',
    localNetwork:
      'Next, macOS will ask to find devices on your local network. Porthole needs this to connect directly.',
    firewall:
      'Windows may ask whether Porthole may be reached on your network. Porthole needs this to connect directly.',

    share: 'Share your first port',
    shareText: 'Choose an app that runs on this computer. Your paired devices can use it then.',
    noApp: 'No app is listening yet. Start your app, then press Rescan.',
    rescan: 'Rescan',
    looking: 'Looking for apps that listen on this computer…',
    shareOne: 'Share',
    shareOneLabel: 'Share port {port}',
    shared: 'Shared',

    keeps: 'Porthole keeps running here',
    keepsLinux:
      'Close the window whenever you like. Porthole stays in the panel at the top or bottom of your screen.',
    keepsMac:
      'Close the window whenever you like. Porthole stays in the menu bar at the top of your screen.',
    keepsWindows:
      'Close the window whenever you like. Porthole stays in the notification area of the taskbar.',
    noTray:
      'Your desktop has no tray area. Porthole keeps running; open it again from the app menu.',
    keepsWeb:
      'Close this page whenever you like. Porthole goes on running on this computer until you stop it there.',
    pictureLabel: 'Where the Porthole icon is on the screen',
    startAtLogin: 'Start at login',
    failed: 'That could not be saved.',
  },
  'zh-Hant': {
    label: '開始使用',
    step: '第 {step} 步，共 {count} 步',
    skipAll: '略過這些步驟',
    finish: '開啟 Porthole',

    welcome: '歡迎使用 Porthole',
    welcomeText: '在另一台電腦上使用你這台電腦的應用程式，私密，而且不必設定網路。',
    name: '這台電腦的名稱',
    nameHint: '你的其他裝置會看到這個名稱。',
    nameEmpty: '請為這台電腦取個名稱。',
    nameLong: '這個名稱太長了。',
    nameFailed: '無法儲存名稱。',
    language: '語言',

    connect: '連接另一台電腦',
    connectText: '請在另一台電腦上也安裝 Porthole。其中一台顯示代碼，另一台讀取代碼。',
    show: '顯示代碼',
    showText: '由這台電腦顯示',
    have: '我有代碼',
    haveText: '由另一台電腦顯示',
    later: '隨時都可以再做：「裝置」→「新增裝置」。',
    localNetwork:
      '接下來，macOS 會詢問是否允許尋找區域網路上的裝置。Porthole 需要這個權限才能直接連線。',
    firewall:
      'Windows 可能會詢問是否允許從你的網路連線到 Porthole。Porthole 需要這個權限才能直接連線。',

    share: '分享第一個連接埠',
    shareText: '選擇一個正在這台電腦上執行的應用程式，讓已配對的裝置也能使用。',
    noApp: '目前沒有應用程式在接聽連線。請先啟動你的應用程式，再按「重新掃描」。',
    rescan: '重新掃描',
    looking: '正在尋找這台電腦上接聽連線的應用程式…',
    shareOne: '分享',
    shareOneLabel: '分享連接埠 {port}',
    shared: '已分享',

    keeps: 'Porthole 會在這裡繼續執行',
    keepsLinux: '你可以隨時關閉視窗，Porthole 會留在螢幕上方或下方的面板中。',
    keepsMac: '你可以隨時關閉視窗，Porthole 會留在螢幕上方的選單列中。',
    keepsWindows: '你可以隨時關閉視窗，Porthole 會留在工作列的通知區域中。',
    noTray: '你的桌面沒有系統匣。Porthole 會繼續執行，你可以從應用程式選單再次開啟它。',
    keepsWeb: '你可以隨時關閉這個頁面。Porthole 會在這台電腦上繼續執行，直到你在那裡停止它。',
    pictureLabel: 'Porthole 圖示在螢幕上的位置',
    startAtLogin: '登入後自動啟動',
    failed: '無法儲存。',
  },
  'zh-Hans': {
    label: '开始使用',
    step: '第 {step} 步，共 {count} 步',
    skipAll: '跳过这些步骤',
    finish: '打开 Porthole',

    welcome: '欢迎使用 Porthole',
    welcomeText: '在另一台电脑上使用你这台电脑的应用，私密，而且不必设置网络。',
    name: '本机名称',
    nameHint: '你的其他设备会看到此名称。',
    nameEmpty: '请为本机取个名称。',
    nameLong: '此名称太长。',
    nameFailed: '无法保存名称。',
    language: '语言',

    connect: '连接另一台电脑',
    connectText: '请在另一台电脑上也安装 Porthole。其中一台显示代码，另一台读取代码。',
    show: '显示代码',
    showText: '由本机显示',
    have: '我有代码',
    haveText: '由另一台电脑显示',
    later: '随时都可以再做：“设备”→“添加设备”。',
    localNetwork:
      '接下来，macOS 会询问是否允许查找本地网络上的设备。Porthole 需要此权限才能直接连接。',
    firewall:
      'Windows 可能会询问是否允许从你的网络连接 Porthole。Porthole 需要此权限才能直接连接。',

    share: '分享第一个端口',
    shareText: '选择一个正在本机上运行的应用，让已配对的设备也能使用。',
    noApp: '目前没有应用在监听。请先启动你的应用，再按“重新扫描”。',
    rescan: '重新扫描',
    looking: '正在查找本机上监听的应用…',
    shareOne: '分享',
    shareOneLabel: '分享端口 {port}',
    shared: '已分享',

    keeps: 'Porthole 会在这里继续运行',
    keepsLinux: '你可以随时关闭窗口，Porthole 会留在屏幕上方或下方的面板中。',
    keepsMac: '你可以随时关闭窗口，Porthole 会留在屏幕上方的菜单栏中。',
    keepsWindows: '你可以随时关闭窗口，Porthole 会留在任务栏的通知区域中。',
    noTray: '你的桌面没有系统托盘。Porthole 会继续运行，你可以从应用菜单再次打开它。',
    keepsWeb: '你可以随时关闭此页面。Porthole 会在本机上继续运行，直到你在那里停止它。',
    pictureLabel: 'Porthole 图标在屏幕上的位置',
    startAtLogin: '登录后自动启动',
    failed: '无法保存。',
  },
});
