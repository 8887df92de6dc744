package api

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"sudi/domain"
)

// networkOf is the address that attempts are counted by: whoever has one IPv6
// address has all of its /64.
func networkOf(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if ip = ip.Unmap().WithZone(""); ip.Is6() {
		return netip.PrefixFrom(ip, 64).Masked().String()
	}
	return ip.String()
}

// passwordKeys are what an attempt with a password is counted under.
func passwordKeys(address, username string) []domain.AttemptKey {
	address = networkOf(address)
	return []domain.AttemptKey{
		{Kind: domain.AttemptAddress, Address: address},
		{Kind: domain.AttemptPair, Address: address, Account: username},
		{Kind: domain.AttemptAccount, Account: username},
	}
}

func factorKeys(username string) []domain.AttemptKey {
	return []domain.AttemptKey{{Kind: domain.AttemptFactor, Account: username}}
}

// try is counted for the attempts of somebody who gives a name; those that are
// refused are recorded.
func (s *server) try(ctx context.Context, address, username string, keys []domain.AttemptKey, judge func() error) error {
	err := s.counted(ctx, keys, judge)
	if err != nil && domain.KindOf(err) == domain.KindUnauthenticated {
		return s.refusedSignIn(ctx, address, username, err)
	}
	return err
}

// counted counts an attempt before it is judged and makes it, unless it must
// wait. What could not be judged, because of the load, does not count.
func (s *server) counted(ctx context.Context, keys []domain.AttemptKey, judge func() error) error {
	wait, err := s.Store.CountAttempt(ctx, keys, s.Now())
	if err != nil {
		return err
	}
	if wait > 0 {
		return &protocolError{http.StatusTooManyRequests, "too_many_attempts", int((wait + secondsRoundUp) / time.Second)}
	}
	err = judge()
	if err != nil && domain.KindOf(err) == domain.KindUnauthenticated {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.RequestTimeout) // whoever hangs up is not to be blamed
	defer cancel()
	if settled := s.Store.SettleAttempt(ctx, keys, err == nil, s.Now()); err == nil {
		err = settled
	}
	return err
}
