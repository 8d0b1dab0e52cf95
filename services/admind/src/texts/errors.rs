//! What went wrong, and what to do next.

crate::texts! {
    /// Words of error pages and of refused fields.
    pub struct Errors {
        status: "错误 {}", "Error {}";
        code: "代码", "Code";
        to_start: "回到首页", "To the first page";
        to_sign_in: "去登录", "Sign in";
        bad_title: "请求有误", "The request is malformed";
        bad_next: "请从本页面的链接或表单重新操作。", "Use the links and forms of this page and try again.";
        csrf_title: "无法确认请求来自本页面", "The request does not come from this page";
        csrf_next: "没有任何更改。请重新打开表单再提交。若反复出现，请通知安全管理员。", "Nothing was changed. Open the form again and send it from there. If this comes back, tell the security administrator.";
        session_title: "请先登录", "Please sign in";
        session_next: "您的会话已结束，或尚未登录。", "Your session has ended, or you are not signed in.";
        elsewhere_title: "会话已终止", "The session was ended";
        elsewhere_next: "此会话从另一地址或浏览器被使用，已终止并记录。请重新登录；若不是您本人操作，请立即通知安全管理员。", "This session was used from another address or browser; it was ended and recorded. Sign in again. If that was not you, tell the security administrator at once.";
        forbidden_title: "您的角色无权执行此操作", "Your role may not do this";
        forbidden_next: "没有任何更改。若确需此权限，请联系安全管理员。", "Nothing was changed. If you need this right, ask the security administrator.";
        not_found_title: "没有这个页面", "There is no such page";
        not_found_next: "请检查地址，或从导航进入。", "Check the address, or start from the navigation.";
        method_title: "此地址不接受这种请求", "This address does not take such a request";
        method_next: "请使用页面上的链接和按钮。", "Use the links and buttons of the page.";
        again_title: "此表单已提交过", "This form was sent already";
        again_next: "它只被处理一次，此次没有任何更改。请重新打开页面查看结果。", "It was carried out once; this time nothing was changed. Open the page again to see the result.";
        again_link: "重新打开页面", "Open the page again";
        refused_title: "未能执行", "Not done";
        late_body_title: "数据传送太慢", "The data came too slowly";
        late_body_next: "没有任何更改。请检查网络后重试。", "Nothing was changed. Check the network and try again.";
        too_large_title: "内容过大", "Too large";
        too_large_next: "没有任何更改。请减少内容；升级包最大 1 GiB，名单文件最大 256 MiB，录音文件最大 10 MiB。", "Nothing was changed. Send less: updates up to 1 GiB, lists up to 256 MiB, prompts up to 10 MiB.";
        no_room_title: "磁盘空间不足", "The disk has no room for it";
        no_room_next: "没有任何更改。请先清理数据盘（例如到期的录音），再重新上传。", "Nothing was changed. Make room on the data disk (such as recordings that are due), then send the file again.";
        uri_title: "地址过长", "The address is too long";
        media_title: "内容类型不受支持", "This kind of content is not supported";
        headers_title: "请求头过大", "The request headers are too large";
        too_many_title: "请求过于频繁", "Too many requests";
        too_many_next: "请等待 {} 秒后再试。", "Wait {} s and try again.";
        bug_title: "本页面发生内部错误", "The page has an internal error";
        bug_next: "已记录。请重试；若再次出现，请把代码和时间告诉系统管理员。", "It was recorded. Try again; if it comes back, tell the system administrator the code and the time.";
        unavailable_title: "记录服务暂不可用", "The records service cannot be reached";
        unavailable_next: "没有任何更改。它通常在几秒内恢复；请稍后用浏览器返回并重新提交，填写的内容会保留。", "Nothing was changed. It usually comes back within seconds: go back and send again, what you typed is kept.";
        lost_title: "结果未知", "The result is unknown";
        lost_next: "与记录服务的连接中断。请先重新打开页面查看是否已执行，再决定是否重试。", "The connection to the records service broke. First look whether it was done, then try again if it was not.";
        busy_title: "同时处理的任务过多", "Too much work at once";
        busy_next: "没有任何更改。请等待进行中的任务结束后再试。", "Nothing was changed. Wait until running work has ended and try again.";
        field_missing: "请填写", "Please fill this in";
        field_long: "最多 {} 个字符", "At most {} characters";
        field_number: "请输入 {} 到 {} 之间的整数", "A whole number from {} to {}";
        field_choice: "请选择一项", "Please choose one";
        field_control: "不能包含控制字符", "Control characters are not allowed";
        form_top: "请更正标出的字段，填写的内容已保留。", "Please correct the marked fields; what you typed is kept.";
    }
}
