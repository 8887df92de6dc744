package api

import (
	"fmt"
	"net/http"
	"strings"

	"sudi/domain"
	"sudi/workflow"
)

// statusTitles name the kinds of problem.
var statusTitles = map[int]domain.Text{
	http.StatusBadRequest:            {ZH: "请求无法读取", EN: "The request cannot be read"},
	http.StatusUnauthorized:          {ZH: "未登录", EN: "Not signed in"},
	http.StatusForbidden:             {ZH: "没有权限", EN: "Not allowed"},
	http.StatusNotFound:              {ZH: "未找到", EN: "Not found"},
	http.StatusMethodNotAllowed:      {ZH: "不支持的方法", EN: "Method not supported"},
	http.StatusRequestTimeout:        {ZH: "请求超时", EN: "The request took too long"},
	http.StatusConflict:              {ZH: "当前不能办理", EN: "Not possible now"},
	http.StatusGone:                  {ZH: "已失效", EN: "No longer valid"},
	http.StatusPreconditionFailed:    {ZH: "已有变化", EN: "Changed in the meantime"},
	http.StatusRequestEntityTooLarge: {ZH: "内容过大", EN: "Too large"},
	http.StatusUnsupportedMediaType:  {ZH: "不支持的内容类型", EN: "Unsupported content type"},
	http.StatusUnprocessableEntity:   {ZH: "填写有误", EN: "Something is filled in wrongly"},
	http.StatusPreconditionRequired:  {ZH: "缺少版本号", EN: "The version is missing"},
	http.StatusTooManyRequests:       {ZH: "操作过于频繁", EN: "Too many requests"},
	http.StatusInternalServerError:   {ZH: "系统故障", EN: "A fault of ours"},
	http.StatusServiceUnavailable:    {ZH: "暂时无法服务", EN: "Not available for the moment"},
}

// statusCode is the message for a status about which nothing more is known.
func statusCode(status int) string {
	switch status {
	case http.StatusNotFound:
		return "not_found"
	case http.StatusUnprocessableEntity:
		return "invalid_fields"
	case http.StatusServiceUnavailable:
		return "overloaded"
	case http.StatusInternalServerError:
		return "internal"
	default:
		return fmt.Sprintf("http_%d", status)
	}
}

// known gives a code that the catalogue has words for: the code itself, or the
// general one of a status.
func known(code string, status int) string {
	_, ok := messages[code]
	if guard, isGuard := strings.CutPrefix(code, "guard_"); isGuard {
		ok = workflow.HasWords(guard)
	}
	if !ok {
		return statusCode(status)
	}
	return code
}

// say gives the message behind a code, or behind another for a code that the
// catalogue lacks. {0}, {1} … stand for what the message mentions; a code with
// "_of" behind it has the words that name the choices, for when they are known.
func say(lang, code, otherwise string, args ...any) string {
	text, ok := messages[code]
	if listed, more := messages[code+"_of"]; more && len(args) > 0 {
		text = listed
	}
	if !ok && strings.HasPrefix(code, "guard_") {
		text, ok = messages["action_blocked"]
	}
	if !ok {
		text, ok = messages[otherwise]
	}
	if !ok {
		text = messages["http_other"]
	}
	said := text.In(lang)
	for i, arg := range args {
		said = strings.ReplaceAll(said, fmt.Sprintf("{%d}", i), word(lang, arg))
	}
	return said
}

// word is one of the things that a message mentions.
func word(lang string, arg any) string {
	if t, ok := arg.(domain.Text); ok {
		return t.In(lang)
	}
	code := fmt.Sprint(arg)
	if t, ok := ownActions[code]; ok {
		return t.In(lang)
	}
	return code
}

// reasonTitles say why a case may be the one that another repeats.
var reasonTitles = map[domain.Reason]domain.Text{
	domain.ReasonIdentity: {ZH: "身份证号相同", EN: "Same identity number"},
	domain.ReasonPhone:    {ZH: "电话相同", EN: "Same telephone"},
	domain.ReasonText:     {ZH: "内容相近", EN: "Similar text"},
	domain.ReasonPlace:    {ZH: "同一村居", EN: "Same village"},
	domain.ReasonTownship: {ZH: "同一镇街", EN: "Same township"},
	domain.ReasonCategory: {ZH: "分类相同", EN: "Same category"},
}

// ownActions name what stands in histories and in no procedure.
var ownActions = map[string]domain.Text{
	workflow.ActionEdit:          {ZH: "更正", EN: "Correction"},
	workflow.ActionInvite:        {ZH: "邀请评价", EN: "Invitation to rate"},
	domain.Citizen.Name:          {ZH: "群众本人", EN: "The applicant"},
	domain.Router.Name:           {ZH: "系统派单", EN: "Automatic dispatch"},
	domain.Clock.Name:            {ZH: "系统计时", EN: "System clock"},
	"deadline_near":              {ZH: "期限临近", EN: "Limit is near"},
	"deadline_missed":            {ZH: "期限已过", EN: "Limit missed"},
	"deadline_lapsed":            {ZH: "期限届满", EN: "Time has run out"},
	workflow.ActionRepeatArrived: {ZH: "办结后重复来访", EN: "A repeat came after the conclusion"},
	workflow.ActionRepeatUndone:  {ZH: "办结后重复来访已撤销", EN: "The repeat after the conclusion was none"},
	workflow.ActionMigrate:       {ZH: "迁移到另一程序版本", EN: "Move to another version of the procedure"},
}

// messages are what users read. They say what is wrong and, where it helps,
// what to do; a test demands one for every code in the program.
var messages = map[string]domain.Text{
	// HTTP and the way in.
	"http_400":                 {ZH: "请求无法读取。", EN: "The request cannot be read."},
	"http_401":                 {ZH: "请先登录。", EN: "Please sign in first."},
	"http_403":                 {ZH: "您没有这项权限。", EN: "You may not do this."},
	"http_405":                 {ZH: "此地址不支持这种操作。", EN: "This address does not support the method."},
	"http_408":                 {ZH: "请求内容发送过慢，请重试。", EN: "The request arrived too slowly; please try again."},
	"http_409":                 {ZH: "当前情况下不能这样做，请刷新后再看。", EN: "This is not possible as things stand; please reload."},
	"http_410":                 {ZH: "链接已使用或已失效。", EN: "The link has been used or has expired."},
	"http_412":                 {ZH: "案件已被他人更新，请刷新后重试。", EN: "Somebody else has changed the case; reload it and try again."},
	"http_413":                 {ZH: "内容超过 1 MB。", EN: "The content is larger than 1 MB."},
	"http_415":                 {ZH: "内容类型应为 application/json。", EN: "The content type must be application/json."},
	"http_428":                 {ZH: "请给出所依据的版本。", EN: "Say which version the request is based on."},
	"http_429":                 {ZH: "操作过于频繁，请稍后再试。", EN: "Too many requests; please wait."},
	"http_other":               {ZH: "请求没有完成。", EN: "The request was not completed."},
	"not_found":                {ZH: "没有找到。", EN: "There is no such thing."},
	"overloaded":               {ZH: "系统繁忙，请稍后重试。", EN: "The system is busy; please try again shortly."},
	"closing":                  {ZH: "系统正在重启，请稍后重试。", EN: "The system is restarting; please try again shortly."},
	"database_away":            {ZH: "数据库暂时连接不上，请稍后重试。", EN: "The database cannot be reached; please try again shortly."},
	"outcome_unknown":          {ZH: "连接中断，无法确认是否已保存。请刷新查看后再重试。", EN: "The connection broke and it is not known whether this was saved. Please look before you try again."},
	"exports_busy":             {ZH: "正在导出的台账较多，请等前面的导出完成后再试。", EN: "Other ledgers are being exported; please try again when they are done."},
	"ledger_unknown":           {ZH: "没有这种台账。", EN: "There is no such ledger."},
	"persons_not_yours":        {ZH: "您的岗位不能导出未隐去的个人信息。", EN: "Your role may not export personal data in full."},
	"not_ready":                {ZH: "系统尚未就绪。", EN: "The system is not ready."},
	"internal":                 {ZH: "系统出错，已记录。请凭请求编号联系管理员。", EN: "Something failed on our side and was logged. Please give the request id to your administrator."},
	"body_required":            {ZH: "缺少请求内容。", EN: "The request has no body."},
	"body_unreadable":          {ZH: "请求内容没有收全。", EN: "The body did not arrive whole."},
	"body_too_large":           {ZH: "内容超过 1 MB。", EN: "The content is larger than 1 MB."},
	"bad_desk_request":         {ZH: "消息应为一个 JSON 对象：method、path（以 / 开头），可有 if_match、idempotency_key、accept_language、body。", EN: "A request is one JSON object with method and path (beginning with /) and, if need be, if_match, idempotency_key, accept_language and body."},
	"not_on_desk":              {ZH: "此操作不能通过单位通道办理，请用 HTTP 接口。", EN: "This is not done on the desk channel; use the HTTP interface."},
	"answer_too_large":         {ZH: "内容超过一条消息的大小，请减少每页数量（limit）。", EN: "The answer is larger than a message can be; ask for a smaller page (limit)."},
	"bad_json":                 {ZH: "内容不是正确的 JSON。", EN: "The body is not valid JSON."},
	"not_utf8":                 {ZH: "内容不是 UTF-8 编码。", EN: "The body is not UTF-8."},
	"too_deep":                 {ZH: "内容嵌套过深。", EN: "The body is nested too deeply."},
	"query_malformed":          {ZH: "地址中的参数写法有误。", EN: "The parameters in the address are malformed."},
	"unknown_parameter":        {ZH: "没有这个参数。", EN: "There is no such parameter."},
	"given_twice":              {ZH: "此参数只能给一次。", EN: "This parameter may be given only once."},
	"cross_origin":             {ZH: "请求来自其他网站，已拒绝。", EN: "The request comes from another site and was refused."},
	"route_closed":             {ZH: "此地址未开放。", EN: "This address is closed."},
	"sign_in_first":            {ZH: "请先登录，或登录已过期。", EN: "Please sign in; your session may have ended."},
	"wrong_password":           {ZH: "用户名或密码不正确。", EN: "The user name or password is wrong."},
	"too_many_requests":        {ZH: "请求过于频繁，请稍后再试。", EN: "Too many requests; please wait a moment before the next."},
	"too_many_attempts":        {ZH: "尝试次数过多，请稍后再试。", EN: "Too many attempts; please wait before the next."},
	"username_shape":           {ZH: "用户名由 1 至 64 个小写字母、数字、点、横线、下划线组成。", EN: "A user name is 1 to 64 small letters, digits, dots, dashes and underscores."},
	"role_unknown":             {ZH: "没有这个岗位。", EN: "There is no such role."},
	"role_not_allowed":         {ZH: "您的岗位没有这项权限。", EN: "Your role may not do this."},
	"if_match_required":        {ZH: "请在 If-Match 中给出读到的案件版本。", EN: "Give the version of the case that you read in If-Match."},
	"version_stale":            {ZH: "案件已被他人更新，请刷新后重试。", EN: "Somebody else has changed the case; reload it and try again."},
	"user_disabled":            {ZH: "账号已停用。", EN: "The account is disabled."},
	"session_unknown":          {ZH: "请重新登录。", EN: "Please sign in again."},
	"session_not_found":        {ZH: "没有这个会话，或它已结束。", EN: "There is no such session, or it has ended."},
	"own_account":              {ZH: "不能改变自己账户的岗位、单位或启用状态。", EN: "Nobody changes the role, the organisation or the state of his own account."},
	"password_short":           {ZH: "密码至少 {0} 位。", EN: "A password has {0} characters or more."},
	"password_long":            {ZH: "密码最多 {0} 位。", EN: "A password has {0} characters at most."},
	"password_is_name":         {ZH: "密码不能包含用户名。", EN: "The password may not hold the user name."},
	"password_common":          {ZH: "这个密码太容易猜到：请用更长、不常见的词句，不要用姓名、日期和键盘顺序。", EN: "This password is too easy to guess: take a longer, uncommon phrase, without names, dates and keyboard rows."},
	"continuation_unknown":     {ZH: "登录已超时或已用过，请重新登录。", EN: "This sign-in has timed out or was used; please begin again."},
	"provider_off":             {ZH: "本系统未启用统一身份认证登录。", EN: "Signing in by an identity provider is not set up here."},
	"provider_away":            {ZH: "统一身份认证暂时连接不上，请稍后重试，或用密码登录。", EN: "The identity provider cannot be reached; please try again shortly or sign in with your password."},
	"provider_refused":         {ZH: "统一身份认证没有通过，请重新登录。", EN: "The identity provider did not confirm who you are; please begin again."},
	"provider_no_account":      {ZH: "本系统没有与此身份对应的有效账户，请联系管理员。", EN: "No account here that is in use belongs to this identity; please ask your administrator."},
	"wrong_code":               {ZH: "动态口令不正确、已过期或已用过。", EN: "The code is wrong, too old, or was used before."},
	"second_factor_needed":     {ZH: "请输入动态口令。", EN: "Please give the code of your app."},
	"second_factor_required":   {ZH: "您的岗位须先启用动态口令。", EN: "Your role needs a second factor first."},
	"second_factor_kept":       {ZH: "您的岗位必须使用动态口令，不能停用。", EN: "Your role must keep its second factor."},
	"second_factor_exists":     {ZH: "此账户已有动态口令，请先停用原有的。", EN: "The account has a second factor already; remove that one first."},
	"second_factor_none":       {ZH: "此账户没有动态口令。", EN: "The account has no second factor."},
	"username_taken":           {ZH: "用户名已被使用。", EN: "The user name is taken."},
	"user_unknown":             {ZH: "没有这个用户。", EN: "There is no such user."},
	"cursor_bad":               {ZH: "翻页标记无效，请从第一页开始。", EN: "The page cursor is not valid; begin with the first page."},
	"idempotency_key_used":     {ZH: "相同的请求正在处理，请稍后重试。", EN: "The same request is being worked on; try again shortly."},
	"idempotency_key_mismatch": {ZH: "此幂等键已用于内容不同的请求。", EN: "This idempotency key was used for another request."},

	// Keys, and what is sealed by them.
	"key_file_open":          {ZH: "密钥文件 {0} 的权限过宽：其他用户不得有任何权限，同组用户不得写入。请执行 chmod 600。", EN: "Others may read or change the key file {0}: nobody but its owner may write it, and nobody outside its group may read it. Try chmod 600."},
	"key_file_malformed":     {ZH: "密钥文件 {0} 无法读取：它已损坏，或者不是密钥文件。请从备份恢复。", EN: "The key file {0} cannot be read: it is damaged, or no key file. Restore it from a backup."},
	"key_file_version":       {ZH: "密钥文件的格式（第 {0} 版）由更新的 sudi 写成，请换用较新的 sudi。", EN: "A newer sudi wrote the key file (version {0} of its form): use that one."},
	"key_unknown":            {ZH: "密钥文件中没有密钥 {0}。", EN: "The key file has no key {0}."},
	"key_active":             {ZH: "密钥 {0} 正在使用，请改为启用另一把密钥。", EN: "The key {0} is the active one: activate another instead."},
	"key_not_retired":        {ZH: "密钥 {0} 尚未停用，不能删除。", EN: "The key {0} is not retired, so it cannot be removed."},
	"key_in_use":             {ZH: "还有 {1} 件案件的数据密钥由密钥 {0} 加密，删除后这些案件的个人信息将无法读取。请先运行 sudi keys rewrap。", EN: "The data keys of {1} cases are still wrapped by the key {0}; without it their personal fields could not be read. Run sudi keys rewrap first."},
	"suite_unknown":          {ZH: "没有名为“{0}”的算法：请选 aes 或 sm。", EN: "There are no algorithms named {0}: choose aes or sm."},
	"sealed_malformed":       {ZH: "数据库中一项加密的个人信息已损坏。", EN: "A sealed personal field in the database is damaged."},
	"sealed_refused":         {ZH: "数据库中一项加密的个人信息被改动或移动过，拒绝读取。", EN: "A sealed personal field in the database was changed or moved, and is not shown."},
	"sealed_version_unknown": {ZH: "数据库中有由更新的 sudi 加密的个人信息（第 {0} 版），请换用较新的 sudi。", EN: "The database holds personal fields that a newer sudi sealed (version {0}): use that one."},
	"sealed_suite_unknown":   {ZH: "数据库中有以未知算法（{0}）加密的个人信息，请换用较新的 sudi。", EN: "The database holds personal fields sealed by unknown algorithms ({0}): use a newer sudi."},
	"sealed_key_unknown":     {ZH: "密钥文件中没有加密此项个人信息的密钥 {0}：请换上含有该密钥的密钥文件。", EN: "The key file lacks the key {0}, by which a personal field is sealed: give the file that has it."},

	// Cases and actions.
	"user_not_here":       {ZH: "没有这个账户，或其单位不办理此案；可用 GET /users 查找。", EN: "There is no such account, or it does not work at the case's desk; GET /users lists them."},
	"case_not_found":      {ZH: "没有找到这个案件。", EN: "There is no such case."},
	"case_unknown":        {ZH: "没有找到这个案件。", EN: "There is no such case."},
	"case_changed":        {ZH: "案件刚被他人更新，请刷新后重试。", EN: "Somebody has just changed the case; reload it and try again."},
	"patch_empty":         {ZH: "没有要更正的内容。", EN: "Nothing to correct was given."},
	"procedure_unknown":   {ZH: "没有这种办理程序。", EN: "There is no such procedure."},
	"procedure_missing":   {ZH: "案件所用的程序版本缺失。", EN: "The version of the procedure that the case runs on is missing."},
	"action_unknown":      {ZH: "没有“{0}”这个操作。", EN: "There is no action “{0}”."},
	"action_not_allowed":  {ZH: "案件在“{1}”状态，不能“{0}”。", EN: "The case is in state “{1}”, in which “{0}” is not possible."},
	"action_not_yours":    {ZH: "“{0}”不由您的岗位或单位办理。", EN: "“{0}” is not for your role or organisation to do."},
	"action_blocked":      {ZH: "暂不能“{0}”：{1}。", EN: "“{0}” is not possible now: {1}."},
	"no_organization":     {ZH: "找不到应接办的单位，请指定承办单位。", EN: "No organisation was found to take the case; please name one."},
	"complained_of":       {ZH: "案件反映的正是{0}，不能交其办理。", EN: "The case complains of {0}, which may not handle it."},
	"repeats_itself":      {ZH: "不能把案件关联为自身的重复件。", EN: "A case cannot be a repeat of itself."},
	"repeats_later":       {ZH: "重复件只能关联到更早收到的案件。", EN: "A repeat can only follow an earlier case."},
	"origin_waits":        {ZH: "该案正在等待其已转出案件的结果，不能再转出同类案件。", EN: "That case waits for what becomes of one that came out of it; another of the kind cannot come out of it now."},
	"repeats_and_derived": {ZH: "转出的案件不能同时登记为重复件。", EN: "A case that comes out of another cannot be a repeat as well."},
	"matter_has_cases":    {ZH: "已有其他案件关联到此案，请先解除。", EN: "Other cases hang on this one; unlink them first."},
	"invitation_used":     {ZH: "评价链接无效、已使用或已过期。如仍要评价，请与办理单位联系。", EN: "This link is not valid, has been used or has expired. If you still want to rate, please ask the office that handled your case."},
	"rating_not_now":      {ZH: "案件在当前状态不能由群众评价。", EN: "The applicant cannot rate the case in the state that it is in."},
	"evaluation_thanks":   {ZH: "感谢您的评价。", EN: "Thank you for your answer."},
	"evaluation_redress":  {ZH: "感谢您的评价。您如不认可办理结果，可在{0}（北京时间）前到登记窗口“{1}”。", EN: "Thank you for your answer. If you do not accept the result, you may turn to the office that registered your case until {0} (Beijing time): {1}."},
	"similar_needs_one":   {ZH: "文字、电话、身份证号至少填一项。", EN: "Give at least one of text, phone and identity number."},
	"key_missing":         {ZH: "此数据库需要密钥：请用 SUDI_KEY_FILE 指明建库时所用的密钥文件。", EN: "This database needs its key: name the key file that it was begun with by SUDI_KEY_FILE."},
	"key_wrong":           {ZH: "密钥文件与此数据库不符：请用 SUDI_KEY_FILE 指明建库时所用的密钥文件；多个节点须使用同一文件。", EN: "The key file does not belong to this database: name the one that it was begun with by SUDI_KEY_FILE; all nodes use the same."},
	"party_not_found":     {ZH: "案件没有这一当事人。", EN: "The case has no such party."},
	"reveals_used_up":     {ZH: "今天查看个人信息的次数已用完，明天再试；工作确需的，请找经办单位。", EN: "You have seen as many personal fields as you may today; please wait until tomorrow, or ask who works on the case."},
	"audit_key_missing":   {ZH: "此数据库的审计记录需要密钥：请用 SUDI_AUDIT_KEY 指明首次启动时生成的 audit.key；多个节点须使用同一文件。", EN: "The audit log of this database needs its key: name the audit.key that the first start made by SUDI_AUDIT_KEY; all nodes use the same."},
	"audit_key_wrong":     {ZH: "审计密钥与此数据库不符：请用 SUDI_AUDIT_KEY 指明首次启动时生成的 audit.key；多个节点须使用同一文件。", EN: "The audit key does not belong to this database: name the audit.key that the first start made by SUDI_AUDIT_KEY; all nodes use the same."},
	"audit_journal_ahead": {ZH: "审计日志文件比数据库新，或属于另一数据库：数据库可能被退回到从前的状态。请先查明原因，见 docs/audit.md；不要删除日志文件。", EN: "A journal of the audit log knows more than the database, or is another's: the database may have been set back. Find out why first, see docs/audit.md, and do not remove the journal."},
	"master_merged":       {ZH: "主件本身已并案，请并入其主件。", EN: "The master case is itself merged: merge into its master."},
	"merge_into_itself":   {ZH: "不能并入案件自身。", EN: "A case cannot be merged into itself."},
	"merge_target_bad":    {ZH: "不能并入该件：它已被并案或属于另一程序，或者本件已是其他案件的主件。", EN: "A case cannot be merged into one that is merged itself or runs on another procedure, nor when others are merged into it."},
	"nothing_to_do":       {ZH: "没有需要处理的内容。", EN: "There is nothing to do."},
	"state_missing":       {ZH: "案件所处的状态在程序中不存在。", EN: "The case stands in a state that its procedure does not have."},
	"rates_himself":       {ZH: "办理或答复了案件的人不能评价自己的工作。", EN: "Whoever handled a case, or answered it, cannot rate it."},
	"change_malformed":    {ZH: "系统内部错误。", EN: "An internal error."},
	"decision_panicked":   {ZH: "系统内部错误。", EN: "An internal error."},
	"database":            {ZH: "数据库出错。", EN: "The database failed."},
	"procedure_text_differs": {ZH: "本程序自带的办理程序与数据库中已公布的文本不同：{0}。已公布的版本不能改动，办理中的案件还在使用。请换用与数据库相符的 sudi；若改动是有意的，请把文件中的 version 提高后重新构建。",
		EN: "This sudi's own text of a published procedure differs from what was published: {0}. A published version never changes, since cases run on it. Use the sudi that fits the database; if the change is meant, raise its version in the file and build again."},
	"procedure_unreadable": {ZH: "本程序读不懂数据库中已公布的办理程序“{0}”，它可能由更新的 sudi 公布。请换用较新的 sudi。原因：\n{1}",
		EN: "This sudi cannot read the procedure “{0}” as it was published; a newer one may have published it. Use a newer sudi. The cause:\n{1}"},
	"version_unknown":         {ZH: "{0} 没有已公布的第 {1} 版。", EN: "{0} has no published version {1}."},
	"version_lacks_state":     {ZH: "第 {0} 版没有名为 {1} 的状态。", EN: "Version {0} has no state {1}."},
	"version_lacks_clock":     {ZH: "第 {0} 版没有名为 {1} 的时限。", EN: "Version {0} has no limit {1}."},
	"migrate_final":           {ZH: "案件已在终结状态“{0}”，留在原版本。", EN: "The case has ended in state “{0}” and stays on its version."},
	"migrate_blocked":         {ZH: "案件不能迁移到新版本。", EN: "The case cannot be moved to the new version."},
	"migrate_state_unknown":   {ZH: "新版本没有状态“{0}”，请用 --state {1}=新状态 指明", EN: "the new version has no state “{0}”; name one by --state {1}=NEW"},
	"migrate_state_other":     {ZH: "状态“{0}”对应的“{1}”是另一类状态（终结或并案）", EN: "state “{0}” would become “{1}”, which is of another nature (final, or merged)"},
	"migrate_state_counts":    {ZH: "状态“{0}”的统计含义会由“{1}”变为“{2}”", EN: "state “{0}” would mean “{2}” for the figures, no longer “{1}”"},
	"migrate_class_unknown":   {ZH: "新版本没有类别“{0}”", EN: "the new version has no class “{0}”"},
	"migrate_outcome_unknown": {ZH: "新版本没有办理结果“{0}”", EN: "the new version has no outcome “{0}”"},
	"migrate_regime_unknown":  {ZH: "新版本不含案件收到时适用的法律“{0}”", EN: "the new version lacks the law in force when the case was received, “{0}”"},
	"migrate_clock_unknown":   {ZH: "新版本没有时限“{0}”，请用 --clock {1}=新时限 指明", EN: "the new version has no limit “{0}”; name one by --clock {1}=NEW"},
	"migrate_clock_taken":     {ZH: "时限“{0}”不能改称 {1}：案件已有这一时限", EN: "limit “{0}” cannot be called {1}: the case has such a limit already"},
	"migrate_clock_other":     {ZH: "时限“{0}”在新版本中性质不同：届满是否算逾期不一致", EN: "limit “{0}” is of another nature in the new version: its end is, or is not, a failure"},
	"migrate_clock_paused":    {ZH: "时限“{0}”正在中止，而新版本无法恢复它", EN: "limit “{0}” stands still, and the new version never lets it go on"},

	// Fields.
	"invalid_fields":       {ZH: "有内容填写不正确，请按提示修改。", EN: "Some fields are wrong; please correct them."},
	"bad_value":            {ZH: "填写的值不正确。", EN: "The value is not right."},
	"required":             {ZH: "此项必填。", EN: "This is required."},
	"required_of":          {ZH: "此项必填，可选：“{0}”。", EN: "This is required: one of “{0}”."},
	"must_be_yes":          {ZH: "“{0}”须为“是”才能继续。", EN: "“{0}” must be yes to go on."},
	"must_be_no":           {ZH: "“{0}”须为“否”才能继续。", EN: "“{0}” must be no to go on."},
	"must_be":              {ZH: "“{0}”须选“{1}”才能继续。", EN: "“{0}” must be “{1}” to go on."},
	"may_not_be":           {ZH: "“{0}”不能选“{1}”。", EN: "“{0}” may not be “{1}”."},
	"must_be_empty":        {ZH: "此时不能填写“{0}”。", EN: "“{0}” must be left out here."},
	"filed_late":           {ZH: "收到时距“{0}”已超过 {1}，或早于该日。", EN: "The case was received more than {1} after “{0}”, or before it."},
	"too_soon":             {ZH: "“{0}”距今天须至少 {1}。", EN: "“{0}” must be at least {1} from today."},
	"years_too_few":        {ZH: "“{0}”至“{1}”须满 {2} 年。", EN: "“{1}” must be {2} years or more after “{0}”."},
	"years_too_many":       {ZH: "“{0}”至“{1}”不得满 {2} 年。", EN: "“{1}” must be less than {2} years after “{0}”."},
	"party_missing":        {ZH: "{0}至少须有 {1} 名。", EN: "At least {1} {0} must be named."},
	"parties_missing":      {ZH: "当事人至少须有 {0} 方。", EN: "At least {0} parties must be named."},
	"extension_range":      {ZH: "天数应在 1 到 {0} 之间。", EN: "The number of days must lie between 1 and {0}."},
	"date_in_past":         {ZH: "日期过早，应在 {0} 到 {1} 之间。", EN: "This is too early: it must lie between {0} and {1}."},
	"date_too_far":         {ZH: "日期过晚，应在 {0} 到 {1} 之间。", EN: "This is too late: it must lie between {0} and {1}."},
	"unknown_field":        {ZH: "没有这个字段。", EN: "There is no such field."},
	"too_long":             {ZH: "内容过长。", EN: "This is too long."},
	"too_many":             {ZH: "数量过多。", EN: "There are too many."},
	"too_few":              {ZH: "数量不足。", EN: "There are too few."},
	"bad_characters":       {ZH: "含有不能使用的字符。", EN: "This has characters that cannot be used."},
	"out_of_range":         {ZH: "超出允许的范围。", EN: "This is out of range."},
	"number_range":         {ZH: "数字过大或不是整数。", EN: "The number is too large, or not whole."},
	"not_a_text":           {ZH: "应填文字。", EN: "This must be a text."},
	"not_a_number":         {ZH: "应填数字。", EN: "This must be a number."},
	"not_a_whole_number":   {ZH: "应填非负整数。", EN: "This must be a whole number, zero or more."},
	"not_a_boolean":        {ZH: "应填是或否（true/false）。", EN: "This must be true or false."},
	"not_a_date":           {ZH: "日期应写作 2020-01-31。", EN: "A date is written 2020-01-31."},
	"not_a_time":           {ZH: "时间应写作 2020-01-31T08:00:00+08:00。", EN: "A time is written 2020-01-31T08:00:00+08:00."},
	"not_a_period":         {ZH: "期间应写作 2020、2020-H1、2020-Q2 或 2020-03。", EN: "A period is written 2020, 2020-H1, 2020-Q2 or 2020-03."},
	"rebuild_running":      {ZH: "汇总正在重建,请稍后再试。", EN: "The roll-up is being rebuilt just now. Try again later."},
	"indicator_missing":    {ZH: "请同时给出指标。", EN: "Name the indicator as well."},
	"not_whole_months":     {ZH: "统计期间应为整月。", EN: "A period is of whole months."},
	"not_a_choice":         {ZH: "不在可选项内。", EN: "This is not one of the choices."},
	"not_a_choice_of":      {ZH: "不在可选项内，可选：“{0}”。", EN: "This is not one of the choices: “{0}”."},
	"not_a_list":           {ZH: "应为列表。", EN: "This must be a list."},
	"not_an_object":        {ZH: "应为对象。", EN: "This must be an object."},
	"date_in_future":       {ZH: "不能晚于今天。", EN: "This may not be in the future."},
	"date_before_receipt":  {ZH: "不能早于登记收到的日期。", EN: "This may not be before the day of receipt."},
	"date_too_old":         {ZH: "日期过早。", EN: "This is too long ago."},
	"not_a_case":           {ZH: "应填案件的编号（id）。", EN: "This must be the id of a case."},
	"class_unknown":        {ZH: "此程序没有这种类别。", EN: "The procedure has no such class."},
	"class_unknown_of":     {ZH: "此程序没有这种类别，可选：“{0}”。", EN: "The procedure has no such class; it has “{0}”."},
	"category_unknown":     {ZH: "没有这个内容分类。", EN: "There is no such category."},
	"flag_not_yours":       {ZH: "登记时不能加“督办”“简易办理”等由办理操作决定的标记。", EN: "Flags that actions on the case decide, such as supervised or simplified, cannot be set at registration."},
	"place_unknown":        {ZH: "不是本区的区划代码。", EN: "This is no division of the county."},
	"organization_unknown": {ZH: "没有这个单位，或单位已撤销。", EN: "There is no such organisation, or no longer."},
	"amount_range":         {ZH: "金额（分）应在 0 到 1 千万亿之间。", EN: "The amount, in fen, must lie between 0 and 10^15."},
	"persons_range":        {ZH: "人数应在 1 到 10 万之间。", EN: "The number of persons must lie between 1 and 100,000."},
	"position_halved":      {ZH: "经度和纬度须同时填写。", EN: "Longitude and latitude go together."},
	"position_range":       {ZH: "经纬度超出范围。", EN: "The position is out of range."},
	"phone_shape":          {ZH: "电话应为 5 到 20 位数字。", EN: "A phone number has 5 to 20 digits."},

	// Figures and reference.
	"indicator_unknown":        {ZH: "没有这个指标。", EN: "There is no such indicator."},
	"indicator_without_cases":  {ZH: "此指标没有对应的案件清单。", EN: "No list of cases stands behind this figure."},
	"measure_unknown":          {ZH: "没有这个指标。", EN: "There is no such indicator."},
	"calendar_year_unknown":    {ZH: "没有 {0} 年的工作日历。", EN: "There is no calendar for {0}."},
	"year_out_of_range":        {ZH: "年份应在 {0} 到 {1} 之间。", EN: "The year must lie between {0} and {1}."},
	"ends_before_start":        {ZH: "结束不能早于开始。", EN: "The end may not come before the start."},
	"grouping_unknown":         {ZH: "不能按“{0}”分组。", EN: "Figures cannot be grouped by “{0}”."},
	"not_a_decimal":            {ZH: "应填数字，如 1012、93.6、-11.2。", EN: "This must be a decimal, such as 1012, 93.6 or -11.2."},
	"value_range":              {ZH: "数值应在 {0} 到 {1} 之间。", EN: "The value must lie between {0} and {1}."},
	"attested_item_unknown":    {ZH: "年度报告没有这项填报指标。", EN: "The annual report has no such attested item."},
	"attested_missing":         {ZH: "该项尚无单位填报。", EN: "Nobody has stated this item yet."},
	"attested_not_yours":       {ZH: "只能填报本单位负责的指标。", EN: "You may state the figures of your own department only."},
	"statement_exists":         {ZH: "该项已有填报，请在 If-Match 中给出所替换的版本。", EN: "There is a statement already; name the one to replace in If-Match."},
	"statement_stale":          {ZH: "该项已被他人重新填报，请刷新后重试。", EN: "Somebody else has stated this item anew; reload it and try again."},
	"freeze_not_yours":         {ZH: "只有本区督办、领导和管理员可以公布年度报告。", EN: "Only the county's supervisor, leader and administrator may publish the annual report."},
	"year_not_over":            {ZH: "{0} 年尚未结束，不能公布。", EN: "{0} is not over yet and cannot be published."},
	"nothing_changed":          {ZH: "与已公布的第 {0} 版没有差异，无须再次公布。", EN: "Nothing differs from revision {0}, which is published already."},
	"publication_names_hidden": {ZH: "这一版写明了您无权查看的案件，不能提供原文；“公布记录”里有其余内容。", EN: "This revision names a case that you may not see, so its text is not given; the list of publications has the rest."},
	"publication_unknown":      {ZH: "没有公布过这一版。", EN: "No such revision was published."},
	"published_meanwhile":      {ZH: "另有人刚刚公布了这一版，请刷新后重试。", EN: "Somebody else has just published this revision; reload and try again."},
	"freeze_busy":              {ZH: "此刻有案件正在写入，未能划定统计的截止位置，报告没有公布。请过一分钟再试。", EN: "Cases were being written and the line up to which they count could not be drawn, so nothing was published. Please try again in a minute."},
	"nothing_before":           {ZH: "{0} 年以前没有数据可以对比。", EN: "There is nothing before {0} to compare with."},
	"not_frozen":               {ZH: "系统内部错误。", EN: "An internal error."},
	"figures_not_yours":        {ZH: "只能查看本单位的数据。", EN: "You may see the figures of your own unit only."},

	// Files that come in.
	"file_empty":             {ZH: "文件是空的。", EN: "The file is empty."},
	"file_too_large":         {ZH: "文件超过 {0} MiB。", EN: "The file is larger than {0} MiB."},
	"file_name_bad":          {ZH: "文件名过长，或含有不能使用的字符。请改名后再上传。", EN: "The file's name is too long or has characters that cannot be used. Please rename it."},
	"file_name_double":       {ZH: "文件名有两个扩展名。请改名后再上传。", EN: "The file's name has two endings. Please rename it."},
	"file_type_refused":      {ZH: "不接收这种文件。可上传 pdf、jpg、png、docx、xlsx、txt、csv、mp3、m4a、mp4、wav。", EN: "Files of this kind are not taken. You may send pdf, jpg, png, docx, xlsx, txt, csv, mp3, m4a, mp4 and wav."},
	"file_type_mismatch":     {ZH: "文件内容与扩展名不符。", EN: "The file is not what its name says."},
	"file_mixed":             {ZH: "文件中夹带了别的内容。请另存后再上传。", EN: "Something else hides in the file. Please save it anew."},
	"file_broken":            {ZH: "文件已损坏或不完整。", EN: "The file is damaged or not whole."},
	"file_encrypted":         {ZH: "文件有密码。请去掉密码后再上传。", EN: "The file has a password. Please remove it first."},
	"file_old_office":        {ZH: "不接收旧版 Office 文件。请另存为 docx、xlsx 或 pdf。", EN: "Files of old Office versions are not taken. Please save it as docx, xlsx or pdf."},
	"file_macros":            {ZH: "文件含有宏或控件。请另存为 pdf，或去掉后再上传。", EN: "The file has macros or controls. Please save it as pdf, or remove them."},
	"file_embedded":          {ZH: "文件里嵌有别的文件。请取出后分别上传，或另存为 pdf。", EN: "Other files are embedded in the file. Please send them by themselves, or save it as pdf."},
	"file_external_link":     {ZH: "文件会从别处读取内容。请断开链接，或另存为 pdf。", EN: "The file fetches something from elsewhere. Please break its links, or save it as pdf."},
	"file_dde":               {ZH: "文件含有会启动其他程序的域或公式。", EN: "The file has fields or formulas that start other programs."},
	"file_xml_entities":      {ZH: "文件内部的写法不安全（DTD），不能接收。", EN: "The file is written in an unsafe way inside (a DTD) and cannot be taken."},
	"file_too_many_parts":    {ZH: "文件内部超过 {0} 个部分。", EN: "The file has more than {0} parts inside."},
	"file_unpacks_too_large": {ZH: "文件展开后过大，不能超过 {0} MiB。", EN: "The file unpacks to too much: at most {0} MiB."},
	"file_packed_too_tight":  {ZH: "文件压缩率异常，超过 {0} 倍。", EN: "The file is packed more tightly than {0} to 1, which is not usual."},
	"file_part_name":         {ZH: "文件内部有重复或不正确的名称。", EN: "A part of the file has a name that is wrong or there twice."},
	"file_parts_overlap":     {ZH: "文件内部的各部分相互重叠。", EN: "Parts of the file lie on one another."},
	"file_parts_lie":         {ZH: "文件内部写明的大小与实际不符。", EN: "Parts of the file are not of the size that it says."},
	"file_part_refused":      {ZH: "文件内含有文档不应有的部分。", EN: "The file has a part that such a document does not have."},
	"file_pdf_script":        {ZH: "PDF 含有脚本。请打印为新的 PDF 后再上传。", EN: "The PDF has scripts. Please print it to a new PDF."},
	"file_pdf_action":        {ZH: "PDF 会自行打开网址、程序或文件。请打印为新的 PDF 后再上传。", EN: "The PDF opens addresses, programs or files by itself. Please print it to a new PDF."},
	"file_pdf_hidden":        {ZH: "PDF 的内容无法检查。请打印为新的 PDF 后再上传。", EN: "The PDF cannot be looked through. Please print it to a new PDF."},
	"file_image_too_big":     {ZH: "图片的像素过多。请缩小后再上传。", EN: "The image has too many pixels. Please make it smaller."},
	"file_unknown":           {ZH: "没有找到这个文件。", EN: "There is no such file."},
	"storage_away":           {ZH: "文件存储暂时连接不上，请稍后重试。", EN: "The storage of files cannot be reached; please try again shortly."},
	"storage_full":           {ZH: "文件存储空间已满，请联系管理员。", EN: "The storage of files is full; please tell your administrator."},
}
