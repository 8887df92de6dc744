package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"sudi/api"
	"sudi/store/seal"
)

// Whether requests are limited.
const (
	limitsOn  = "on"
	limitsOff = "off"
)

// settings are what the environment and the flags say; a flag wins.
type settings struct {
	listen       string
	dataDir      string
	databaseURL  string
	natsURL      string
	natsListen   string
	natsCert     string
	natsKey      string
	keyFile      string
	keySuite     string
	auditKeyFile string
	auditJournal string
	county       string
	lang         string
	logLevel     string
	reveals      int
	trustProxy   bool
	sessionIdle  time.Duration
	sessionLimit time.Duration
	secondFactor string
	limits       string
	oidc         oidcSettings

	log *slog.Logger
}

func (s *settings) flags(f *pflag.FlagSet, con *console) {
	f.StringVar(&s.listen, "listen", env("SUDI_LISTEN", "127.0.0.1:8080"),
		con.say("监听地址 (SUDI_LISTEN)", "address to listen on (SUDI_LISTEN)"))
	f.StringVar(&s.dataDir, "data-dir", env("SUDI_DATA_DIR", ".sudi"),
		con.say("数据目录 (SUDI_DATA_DIR)", "folder of the private database and broker (SUDI_DATA_DIR)"))
	f.StringVar(&s.databaseURL, "database-url", os.Getenv("DATABASE_URL"),
		con.say("PostgreSQL 地址;空 = 数据目录下的私有数据库 (DATABASE_URL)", "PostgreSQL to use; empty = a private one under the data folder (DATABASE_URL)"))
	f.StringVar(&s.natsURL, "nats-url", os.Getenv("NATS_URL"),
		con.say("NATS 地址;空 = 内嵌 (NATS_URL)", "NATS to use; empty = embedded (NATS_URL)"))
	f.StringVar(&s.natsListen, "nats-listen", os.Getenv("SUDI_NATS_LISTEN"),
		con.say("内嵌 NATS 供各单位系统连接的地址,如 127.0.0.1:4222;空 = 不开放 (SUDI_NATS_LISTEN)", "address on which the embedded NATS lets organisations' own systems in, such as 127.0.0.1:4222; empty = none (SUDI_NATS_LISTEN)"))
	f.StringVar(&s.natsCert, "nats-cert", os.Getenv("SUDI_NATS_CERT"),
		con.say("该地址的 TLS 证书文件;监听本机以外时必需 (SUDI_NATS_CERT)", "its TLS certificate file; needed beyond loopback (SUDI_NATS_CERT)"))
	f.StringVar(&s.natsKey, "nats-key", os.Getenv("SUDI_NATS_KEY"),
		con.say("该证书的私钥文件 (SUDI_NATS_KEY)", "file of the certificate's key (SUDI_NATS_KEY)"))
	f.StringVar(&s.keyFile, "key-file", os.Getenv("SUDI_KEY_FILE"),
		con.say("个人信息加密和查找所用的密钥文件;空 = 数据目录下的 sudi.key,首次启动时生成 (SUDI_KEY_FILE)", "file of the keys that personal fields are sealed and people found by; empty = sudi.key in the data folder, made at the first start (SUDI_KEY_FILE)"))
	f.StringVar(&s.keySuite, "key-suite", env("SUDI_KEY_SUITE", seal.AES),
		con.say("新密钥的算法:aes(AES-256-GCM)或 sm(国密 SM4-GCM) (SUDI_KEY_SUITE)", "algorithms of a new key: aes (AES-256-GCM) or sm (SM4-GCM) (SUDI_KEY_SUITE)"))
	f.StringVar(&s.auditKeyFile, "audit-key", os.Getenv("SUDI_AUDIT_KEY"),
		con.say("签署审计记录的密钥文件;空 = 数据目录下的 audit.key,首次启动时生成 (SUDI_AUDIT_KEY)", "key that the audit log is signed with; empty = audit.key in the data folder, made at the first start (SUDI_AUDIT_KEY)"))
	f.StringVar(&s.auditJournal, "audit-journal", os.Getenv("SUDI_AUDIT_JOURNAL"),
		con.say("审计日志的第二处目录,如一次写入的存储;空 = 仅数据目录下的 audit (SUDI_AUDIT_JOURNAL)", "folder of a second journal of the audit log, such as storage that writes once; empty = audit in the data folder alone (SUDI_AUDIT_JOURNAL)"))
	f.StringVar(&s.county, "county", env("SUDI_COUNTY", "370404"),
		con.say("县区代码 (SUDI_COUNTY)", "division code of the county (SUDI_COUNTY)"))
	f.BoolVar(&s.trustProxy, "trust-proxy", os.Getenv("SUDI_TRUST_PROXY") != "",
		con.say("在 TLS 反向代理之后:相信内网代理的 X-Forwarded-For 和 X-Forwarded-Proto (SUDI_TRUST_PROXY)", "behind a TLS proxy: believe X-Forwarded-For and X-Forwarded-Proto of a private address (SUDI_TRUST_PROXY)"))
	f.IntVar(&s.reveals, "reveals", envNumber("SUDI_REVEALS", 20),
		con.say("看不到个人信息的账户每天可查看的次数;0 = 不可 (SUDI_REVEALS)", "personal fields that an account which sees them masked may see a day; 0 = none (SUDI_REVEALS)"))
	f.DurationVar(&s.sessionIdle, "session-idle", envDuration("SUDI_SESSION_IDLE", 30*time.Minute),
		con.say("登录后无操作多久即自动退出,如 30m (SUDI_SESSION_IDLE)", "time after which an unused session ends, such as 30m (SUDI_SESSION_IDLE)"))
	f.DurationVar(&s.sessionLimit, "session-limit", envDuration("SUDI_SESSION_LIMIT", 12*time.Hour),
		con.say("登录一次最长的有效时间,如 12h (SUDI_SESSION_LIMIT)", "time after which any session ends, such as 12h (SUDI_SESSION_LIMIT)"))
	f.StringVar(&s.secondFactor, "second-factor", env("SUDI_SECOND_FACTOR", api.FactorOff),
		con.say("谁必须使用双因素登录:off(自愿)、admins(三类管理员)或 all(所有账户) (SUDI_SECOND_FACTOR)", "who must have a second factor: off (whoever wants one), admins (the three administrators) or all (SUDI_SECOND_FACTOR)"))
	f.StringVar(&s.limits, "limits", env("SUDI_LIMITS", limitsOn),
		con.say("限制请求频率:on 或 off(仅供测速) (SUDI_LIMITS)", "limit how often requests may come: on, or off for measurements (SUDI_LIMITS)"))
	s.oidc.flags(f, con)
	f.StringVar(&s.lang, "lang", "", con.say("语言:zh 或 en", "language: zh or en"))
	f.StringVar(&s.logLevel, "log-level", env("SUDI_LOG_LEVEL", "warn"),
		con.say("日志级别:debug, info, warn, error (SUDI_LOG_LEVEL)", "debug, info, warn or error (SUDI_LOG_LEVEL)"))
}

// finish checks what was given and makes the logger.
func (s *settings) finish(con *console) error {
	switch s.lang {
	case "", "zh", "en": // read already, before the help texts were made
	default:
		return badUse{fmt.Errorf("--lang is zh or en, not %q", s.lang)}
	}
	if s.keySuite != seal.AES && s.keySuite != seal.SM {
		return badUse{fmt.Errorf("--key-suite is %s or %s, not %q", seal.AES, seal.SM, s.keySuite)}
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.logLevel)); err != nil {
		return badUse{fmt.Errorf("--log-level: %w", err)}
	}
	s.log = slog.New(slog.NewJSONHandler(con.err, &slog.HandlerOptions{Level: level}))
	if _, _, err := net.SplitHostPort(s.listen); err != nil {
		return badUse{fmt.Errorf("--listen: %w", err)}
	}
	if err := s.checkNATS(con); err != nil {
		return badUse{err}
	}
	if err := s.oidc.check(con); err != nil {
		return badUse{err}
	}
	if s.reveals < 0 {
		return badUse{errors.New(con.say("--reveals 应为 0 或正整数", "--reveals is 0 or a positive whole number"))}
	}
	if s.limits != limitsOn && s.limits != limitsOff {
		return badUse{fmt.Errorf(con.say("--limits 应为 on 或 off,不是 %q", "--limits is on or off, not %q"), s.limits)}
	}
	if err := s.checkSignIn(con); err != nil {
		return badUse{err}
	}
	dir, err := filepath.Abs(s.dataDir)
	if err != nil {
		return err
	}
	s.dataDir = dir
	return nil
}

// checkSignIn checks how long sessions last and who must have a second factor.
func (s *settings) checkSignIn(con *console) error {
	switch {
	case s.sessionIdle <= 0:
		return errors.New(con.say("--session-idle 应为正的时间,如 30m", "--session-idle is a positive time, such as 30m"))
	case s.sessionLimit <= 0:
		return errors.New(con.say("--session-limit 应为正的时间,如 12h", "--session-limit is a positive time, such as 12h"))
	case s.sessionIdle > s.sessionLimit:
		return fmt.Errorf(con.say("--session-idle(%s)不得长于 --session-limit(%s)", "--session-idle (%s) may not be longer than --session-limit (%s)"), s.sessionIdle, s.sessionLimit)
	case s.secondFactor != api.FactorOff && s.secondFactor != api.FactorAdmins && s.secondFactor != api.FactorAll:
		return fmt.Errorf(con.say("--second-factor 应为 off、admins 或 all,不是 %q", "--second-factor is off, admins or all, not %q"), s.secondFactor)
	}
	return nil
}

// checkNATS checks the port for desks' systems, over which passwords go.
func (s *settings) checkNATS(con *console) error {
	if s.natsListen == "" {
		return nil
	}
	if _, _, err := net.SplitHostPort(s.natsListen); err != nil {
		return fmt.Errorf("--nats-listen: %w", err)
	}
	if s.natsURL != "" {
		return errors.New(con.say("--nats-listen 属于内嵌 NATS,不能与 --nats-url 同用", "--nats-listen is the embedded NATS's and does not go with --nats-url"))
	}
	if (s.natsCert == "") != (s.natsKey == "") {
		return errors.New(con.say("--nats-cert 与 --nats-key 必须同时给出", "--nats-cert and --nats-key go together"))
	}
	if s.natsCert == "" && !loopback(s.natsListen) {
		return errors.New(con.say("--nats-listen 超出本机时必须有 --nats-cert 和 --nats-key", "--nats-listen beyond loopback needs --nats-cert and --nats-key"))
	}
	return nil
}

// loopback reports whether only this machine can reach the server.
func (s *settings) loopback() bool {
	return loopback(s.listen) && (s.natsListen == "" || loopback(s.natsListen))
}

func loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func env(name, fallback string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return fallback
}

// envNumber reads a number; -1 where it is none, which no setting takes.
func envNumber(name string, fallback int) int {
	v := os.Getenv(name)
	if v == "" {
		return fallback
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		return -1
	}
	return n
}

// envDuration reads a time; -1 where it is none, which no setting takes.
func envDuration(name string, fallback time.Duration) time.Duration {
	v := os.Getenv(name)
	if v == "" {
		return fallback
	}
	d, err := time.ParseDuration(v)
	if err != nil {
		return -1
	}
	return d
}
