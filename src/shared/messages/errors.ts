/**
 * Failures in the words of a person who looks at a page or a menu, by error code. Only the code and
 * the English sentence travel, so these say what happened in general; English is the sentence itself
 * unless that is meant for a terminal.
 *
 * Invariant: whoever translates one language translates both, and a code without a translation is
 * one that no page can meet (test/unit/messages/errors.test.ts names them).
 */
import type { ErrorCode } from '../errors.ts';
import { withoutTurns } from '../plain-text.ts';
import type { Language } from './language.ts';

interface Translation {
  /** Where the sentence itself speaks of commands and their options, which a page has not. */
  readonly en?: string;
  readonly 'zh-Hant': string;
  readonly 'zh-Hans': string;
}

/** What is known of a failure where it is shown. */
export interface Failure {
  readonly code: string;
  /** The English sentence. */
  readonly message: string;
}

export const ERROR_TEXTS: { readonly [Code in ErrorCode]?: Translation } = {
  E_LINK_LOST: {
    'zh-Hant': '與另一台電腦的連線中斷了。Porthole 會自行重新連線。',
    'zh-Hans': '与另一台电脑的连接中断了。Porthole 会自动重新连接。',
  },
  E_PROTOCOL: {
    'zh-Hant': '另一台電腦傳來看不懂的內容，因此連線已關閉。請在兩邊使用相同版本的 Porthole。',
    'zh-Hans': '另一台电脑发来无法理解的内容，因此连接已关闭。请在两边使用相同版本的 Porthole。',
  },
  E_VERSION: {
    'zh-Hant': '兩台電腦的 Porthole 版本不相容。請在兩邊都更新 Porthole。',
    'zh-Hans': '两台电脑的 Porthole 版本不兼容。请在两边都更新 Porthole。',
  },
  E_IDENTITY: {
    'zh-Hant':
      '已封鎖：回應的電腦無法證明它就是與你配對、或提供代碼的那一台。請在你信任的網路上再試一次。',
    'zh-Hans':
      '已阻止：应答的电脑无法证明它就是与你配对、或提供代码的那一台。请在你信任的网络上重试。',
  },
  E_UNREACHABLE: {
    'zh-Hant':
      '無法連到另一台電腦。它是否已喚醒、Porthole 是否仍在執行，而且兩台電腦所在的網路能彼此連通？',
    'zh-Hans':
      '无法连接另一台电脑。它是否已唤醒、Porthole 是否仍在运行，并且两台电脑所在的网络能彼此连通？',
  },
  E_SESSION_LOST: {
    'zh-Hant': '開啟中的連線已重設。Porthole 重新連上後，就能建立新的連線。',
    'zh-Hans': '打开的连接已重置。Porthole 重新连上后，就能建立新的连接。',
  },
  E_REMOVED: {
    'zh-Hant': '那台裝置已移除這台電腦。若要再次連線，請重新配對。',
    'zh-Hans': '那台设备已移除本机。若要再次连接，请重新配对。',
  },
  E_PEER_OFFLINE: {
    'zh-Hant': '那台裝置目前離線，無法得知它分享了什麼。等它恢復後再試一次。',
    'zh-Hans': '那台设备目前离线，无法得知它分享了什么。等它恢复后再试。',
  },
  E_RENDEZVOUS: {
    'zh-Hant': '無法連上會合伺服器。現有的連線不受影響。',
    'zh-Hans': '无法连接会合服务器。现有的连接不受影响。',
  },
  E_UDP_BLOCKED: {
    en: 'The other computer was found, but this network blocks direct connections, and no relay answers. Use another network, or add a relay in the settings.',
    'zh-Hant':
      '已找到另一台電腦，但這個網路封鎖直接連線，也沒有可用的中繼。請換一個網路，或在設定中加入中繼。',
    'zh-Hans':
      '已找到另一台电脑，但此网络阻止直接连接，也没有可用的中继。请换一个网络，或在设置中添加中继。',
  },
  E_SOCKET_RESET: {
    'zh-Hant': '另一端的應用程式重設了連線。',
    'zh-Hans': '另一端的应用重置了连接。',
  },
  E_TARGET_REFUSED: {
    'zh-Hant': '沒有應用程式回應。請啟動你的應用程式；分享會自行恢復。',
    'zh-Hans': '没有应用响应。请启动你的应用；分享会自动恢复。',
  },
  E_TARGET_TIMEOUT: {
    'zh-Hant': '分享的應用程式沒有及時回應。下次連線時會再試。',
    'zh-Hans': '分享的应用没有及时响应。下次连接时会再试。',
  },
  E_TARGET_UNRESOLVED: {
    'zh-Hant': '找不到分享目標的主機名稱。下次連線時會再試。',
    'zh-Hans': '无法解析分享目标的主机名。下次连接时会再试。',
  },
  E_TARGET_UNREACHABLE: {
    'zh-Hant': '從這台電腦無法連到分享的目標。',
    'zh-Hans': '从本机无法连接分享的目标。',
  },
  E_SOCKET_LIMIT: {
    'zh-Hant': '另一台電腦開啟的連線太多。請關閉一些後再試。',
    'zh-Hans': '另一台电脑打开的连接太多。请关闭一些后再试。',
  },
  E_NOT_ALLOWED: {
    'zh-Hant': '另一台電腦沒有與這台電腦分享這個項目。',
    'zh-Hans': '另一台电脑没有与本机分享此项。',
  },
  E_PEER_UNKNOWN: {
    en: 'That device is not there any more. It may just have been removed.',
    'zh-Hant': '找不到這台裝置，可能剛剛已被移除。',
    'zh-Hans': '找不到此设备，可能刚刚已被移除。',
  },
  E_SHARE_UNKNOWN: {
    en: 'That is not shared any more. It may just have been stopped.',
    'zh-Hant': '找不到這個分享，可能剛剛已停止。',
    'zh-Hans': '找不到此分享，可能刚刚已停止。',
  },
  E_AMBIGUOUS: {
    'zh-Hant': '有多個項目使用這個名稱，無法判斷是哪一個。',
    'zh-Hans': '有多个项目使用此名称，无法判断是哪一个。',
  },
  E_TARGET_FORBIDDEN: {
    'zh-Hant': '這個目標不能分享。',
    'zh-Hans': '此目标不能分享。',
  },
  E_LAN_TARGET: {
    en: 'That is not on this computer. Allow it first to share something of another computer on your network.',
    'zh-Hant': '這個目標不在這台電腦上。若要分享網路上其他電腦的內容，請先確認允許。',
    'zh-Hans': '此目标不在本机上。若要分享网络上其他电脑的内容，请先确认允许。',
  },
  E_SHARE_NAME: {
    en: 'Something else is shared under this name already. Choose another one.',
    'zh-Hant': '已有其他分享使用這個名稱。請換一個名稱。',
    'zh-Hans': '已有其他分享使用此名称。请换一个名称。',
  },
  E_FORWARD_UNKNOWN: {
    en: 'That connection is not there any more. It may just have been closed.',
    'zh-Hant': '找不到這個連線，可能剛剛已中斷。',
    'zh-Hans': '找不到此连接，可能刚刚已断开。',
  },
  E_INVITE_INVALID: {
    'zh-Hant': '這不是 Porthole 的代碼。請複製以 porthole://pair# 開頭的完整連結',
    'zh-Hans': '这不是 Porthole 的代码。请复制以 porthole://pair# 开头的完整链接',
  },
  E_INVITE_DAMAGED: {
    'zh-Hant': '代碼不完整，少了一些字元，請重新複製。',
    'zh-Hans': '代码不完整，缺少一些字符，请重新复制。',
  },
  E_INVITE_EXPIRED: {
    'zh-Hant': '此代碼已過期，請對方重新產生。',
    'zh-Hans': '此代码已过期，请对方重新生成。',
  },
  E_INVITE_USED: {
    'zh-Hant': '此代碼已經用過，請對方重新產生。如果不是你用的，請告訴對方。',
    'zh-Hans': '此代码已经用过，请对方重新生成。如果不是你用的，请告诉对方。',
  },
  E_INVITE_CANCELLED: {
    'zh-Hant': '另一台電腦已取消此代碼，請對方重新產生。',
    'zh-Hans': '另一台电脑已取消此代码，请对方重新生成。',
  },
  E_INVITE_BURNED: {
    'zh-Hant': '另一台裝置也試用了此代碼。為了安全，代碼已取消。請重新產生。',
    'zh-Hans': '另一台设备也试用了此代码。为了安全，代码已取消。请重新生成。',
  },
  E_DIGITS_DIFFER: {
    'zh-Hant':
      '配對已停止。號碼不相同，可能有人介入兩台電腦之間。請在你信任的網路上用新的代碼再試一次。',
    'zh-Hans':
      '配对已停止。号码不一致，可能有人介入两台电脑之间。请在你信任的网络上用新的代码重试。',
  },
  E_CONFIRM_TIMEOUT: {
    'zh-Hant': '配對已停止：沒有人及時確認號碼是否相同。請用新的代碼再試一次。',
    'zh-Hans': '配对已停止：没有人及时确认号码是否一致。请用新的代码重试。',
  },
  E_OWN_INVITE: {
    en: 'This code was made by this very computer. Open it on the other one.',
    'zh-Hant': '這個代碼是這台電腦自己產生的。請在另一台電腦上開啟它。',
    'zh-Hans': '此代码是本机自己生成的。请在另一台电脑上打开它。',
  },
  E_ANSWER_MISMATCH: {
    'zh-Hant': '這個回覆屬於另一個代碼。請複製由這裡顯示的代碼所產生的回覆。',
    'zh-Hans': '此回复属于另一个代码。请复制由此处显示的代码所生成的回复。',
  },
  E_PAIRING_LOST: {
    'zh-Hant': '配對已停止：連線中斷了。請用新的代碼再試一次。',
    'zh-Hans': '配对已停止：连接中断了。请用新的代码重试。',
  },
  E_CODE_EXPECTED: {
    'zh-Hant':
      '這是回覆，不是用來配對的代碼。請貼到顯示代碼的那台電腦上；這裡要貼以 porthole://pair# 開頭的完整連結',
    'zh-Hans':
      '这是回复，不是用来配对的代码。请粘贴到显示代码的那台电脑上；此处要粘贴以 porthole://pair# 开头的完整链接',
  },
  E_ANSWER_EXPECTED: {
    'zh-Hant':
      '這不是此處所顯示代碼的回覆。請在另一台電腦上開啟那個代碼，並複製它顯示的完整回覆，開頭是 porthole://answer#',
    'zh-Hans':
      '这不是此处所显示代码的回复。请在另一台电脑上打开那个代码，并复制它显示的完整回复，开头是 porthole://answer#',
  },
  E_USAGE: {
    'zh-Hant': '輸入的內容無法使用，因此沒有任何變更。',
    'zh-Hans': '输入的内容无法使用，因此没有任何更改。',
  },
  E_TARGET_INVALID: {
    'zh-Hant':
      '無法分享這個項目。請輸入 1 到 65535 的連接埠，或主機加連接埠，例如 127.0.0.1:8080。',
    'zh-Hans': '无法分享此项。请输入 1 到 65535 的端口，或主机加端口，例如 127.0.0.1:8080。',
  },
  E_DATA_DIR: {
    en: 'Porthole cannot write to its data folder. Is the disk full, or is a permission missing?',
    'zh-Hant': '無法寫入資料夾。磁碟是否已滿，或沒有權限？',
    'zh-Hans': '无法写入数据文件夹。磁盘是否已满，或没有权限？',
  },
  E_PORT_PRIVILEGED: {
    en: 'Ports below 1024 need administrator rights. Use another one.',
    'zh-Hant': '1024 以下的連接埠需要系統管理員權限。請使用其他連接埠。',
    'zh-Hans': '1024 以下的端口需要管理员权限。请使用其他端口。',
  },
  E_PORT_BUSY: {
    en: 'This port is already used on this computer. Choose another one.',
    'zh-Hant': '這台電腦上已有程式使用這個連接埠。請選擇其他連接埠。',
    'zh-Hans': '本机上已有程序使用此端口。请选择其他端口。',
  },
  E_NO_DAEMON: {
    en: 'Porthole is not running, or the connection to it was lost.',
    'zh-Hant': 'Porthole 沒有在執行，或與它的連線中斷了。',
    'zh-Hans': 'Porthole 没有在运行，或与它的连接中断了。',
  },
  E_KEY_UNREADABLE: {
    en: 'Porthole cannot unlock its key. Unlock your keyring and try again.',
    'zh-Hant': 'Porthole 無法讀取它的金鑰。請解鎖金鑰圈後再試一次。',
    'zh-Hans': 'Porthole 无法读取它的密钥。请解锁密钥环后重试。',
  },
  E_CONTROL: {
    en: 'The running Porthole did not understand this. Is it another version? Start it again.',
    'zh-Hant': '執行中的 Porthole 看不懂這個要求。它是不同的版本嗎？請重新啟動 Porthole。',
    'zh-Hans': '运行中的 Porthole 无法理解此请求。它是不同的版本吗？请重新启动 Porthole。',
  },
  E_LISTEN: {
    en: 'Porthole cannot listen there. Choose another address or port.',
    'zh-Hant': '無法在這個位址接聽連線。請選擇其他位址或連接埠。',
    'zh-Hans': '无法在此地址监听。请选择其他地址或端口。',
  },
  E_PORTS_UNREADABLE: {
    'zh-Hant': '無法查看這台電腦上有哪些應用程式在接聽連線。你仍可直接輸入連接埠來分享。',
    'zh-Hans': '无法查看本机上有哪些应用在监听。你仍可直接输入端口来分享。',
  },
  E_NOT_HERE: {
    'zh-Hant': '只有桌面應用程式才能這麼做。',
    'zh-Hans': '只有桌面应用才能这么做。',
  },
  E_DATA_FILE: {
    'zh-Hant': 'Porthole 無法讀取它的一個檔案。請修復或移走那個檔案。',
    'zh-Hans': 'Porthole 无法读取它的一个文件。请修复或移走那个文件。',
  },
  E_INTERNAL: {
    en: 'Porthole failed inside. Please report it with the diagnostics.',
    'zh-Hant': 'Porthole 內部發生錯誤。請附上診斷資料回報這個問題。',
    'zh-Hans': 'Porthole 内部发生错误。请附上诊断信息报告此问题。',
  },
};

/** The sentence for a person; the English one where there is no translation. */
export function sayFailure({ code, message }: Failure, language: Language): string {
  const texts: Readonly<Record<string, Translation>> = ERROR_TEXTS;
  const text = Object.hasOwn(texts, code) ? texts[code]?.[language] : undefined;
  return text ?? withoutTurns(message);
}
